"""Arithmetic on images in NumPy: luminance and resampling."""
