"""Restoring photo files, one or a whole archive, in one process or several."""
