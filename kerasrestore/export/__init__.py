"""Making `.tflite` files."""
