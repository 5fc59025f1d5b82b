"""RNAN: residual non-local attention network."""
