"""Training in a short loan of an accelerator, ended by the clock."""
