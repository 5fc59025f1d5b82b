"""Reading released checkpoints."""
