"""Command lines and run folders of the scripts in recipes/."""
