"""Export to `.tflite` files."""
