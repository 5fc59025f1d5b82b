"""From Keras models to files for phones, and running them with LiteRT."""
