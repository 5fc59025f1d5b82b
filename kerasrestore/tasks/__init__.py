"""How low-quality images are made and scored, one class per task."""

from kerasrestore.tasks.denoise import Denoise

__all__ = ["Denoise"]
