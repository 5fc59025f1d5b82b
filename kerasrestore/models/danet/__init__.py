"""DANet and its student for phones."""
