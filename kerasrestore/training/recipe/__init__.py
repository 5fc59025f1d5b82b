"""What the scripts in recipes/ are made of."""
