"""Image processing in NumPy: luma, resampling and JPEG compression."""
