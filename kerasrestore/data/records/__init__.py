"""Large sets of images as records."""
