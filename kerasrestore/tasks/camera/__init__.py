"""Noise as cameras, scanners and photo files make it."""

from kerasrestore.tasks.camera.camera_noise import CameraNoise

__all__ = ["CameraNoise"]
