"""Realistic noise of cameras, scanners and image files."""

from kerasrestore.tasks.camera.camera_noise import CameraNoise
from kerasrestore.tasks.camera.camera_super_resolution import (
    CameraSuperResolution,
)

__all__ = ["CameraNoise", "CameraSuperResolution"]
