"""DANet and DANetMobile, its variant for phones."""
