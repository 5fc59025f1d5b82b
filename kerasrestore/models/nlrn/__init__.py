"""NLRN: non-local recurrent network."""
