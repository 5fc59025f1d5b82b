"""NLRN, the non-local recurrent network."""
