"""Where the patches of a training step come from: the host or the device."""
