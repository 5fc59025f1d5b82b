"""What a model costs and is worth on a phone."""
