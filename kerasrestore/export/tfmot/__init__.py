"""Models for the TensorFlow Model Optimization toolkit."""
