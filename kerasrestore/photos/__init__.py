"""Reading and writing photo files with all of their metadata."""

from kerasrestore.photos.photo import Photo, PhotoError, PhotoWarning
from kerasrestore.photos.reading import read_photo
from kerasrestore.photos.restoring import restore_photo
from kerasrestore.photos.writing import check_writable, write_photo

__all__ = [
    "Photo",
    "PhotoError",
    "PhotoWarning",
    "check_writable",
    "read_photo",
    "restore_photo",
    "write_photo",
]
