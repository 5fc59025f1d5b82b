"""Images of any size and kind through a network that restores one tile."""
