"""Training steps, many in a call of a compiled function."""
