"""The same noise as tensor operations, for training on an accelerator."""
