"""Realistic noise of cameras, scanners and image files."""

from kerasrestore.tasks.camera.camera_noise import CameraNoise

__all__ = ["CameraNoise"]
