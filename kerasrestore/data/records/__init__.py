"""Large datasets stored as tiled records."""
