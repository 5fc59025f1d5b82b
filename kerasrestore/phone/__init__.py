"""Speed, size and quality of a model on a phone."""
