"""Running exported models: LiteRT, sidecars, checks of foreign files."""
