"""Restores images of any size and kind with a network that runs on tiles."""
