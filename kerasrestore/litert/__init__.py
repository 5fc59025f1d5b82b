"""Running exported models: LiteRT, sidecars, checks of untrusted files."""
