"""Files that cannot be restored get one sentence each."""

import io
import struct
import zlib

import pytest
from PIL import Image
from testing import random_image

from kerasrestore.photos import Photo, PhotoError, read_photo, write_photo


def bad_png(ihdr):
    chunk = b"IHDR" + ihdr
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(ihdr))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + b"IEND"
        + struct.pack(">I", zlib.crc32(b"IEND"))
    )


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


RGB = Image.fromarray(random_image((64, 64, 3), "uint8"))
BAD = {
    "cmyk.tif": (saved(Image.new("CMYK", (4, 4)), "TIFF"), "CMYK"),
    "cmyk.jpg": (saved(Image.new("CMYK", (4, 4)), "JPEG"), "CMYK"),
    "still.gif": (saved(RGB, "GIF"), "GIF"),
    "moving.gif": (
        saved(RGB, "GIF", save_all=True, append_images=[RGB.rotate(90)]),
        "GIF",
    ),
    "moving.png": (
        saved(RGB, "PNG", save_all=True, append_images=[RGB.rotate(90)]),
        "2 images",
    ),
    "moving.webp": (
        saved(RGB, "WEBP", save_all=True, append_images=[RGB.rotate(90)]),
        "2 images",
    ),
    "pages.tif": (
        saved(RGB, "TIFF", save_all=True, append_images=[RGB]),
        "2 images",
    ),
    "half.jpg": (saved(RGB, "JPEG")[:900], "damaged"),
    "half.png": (saved(RGB, "PNG")[:900], "damaged"),
    "half16.png": (None, "damaged"),
    "head.bmp": (b"BM" + bytes(10), "header is not valid"),
    "head.webp": (b"RIFF\x20\0\0\0WEBPjunk", "header is not valid"),
    "empty.jpg": (b"", "empty"),
    "text.png": (b"hello world, this is a text", "not an image"),
    "deep.tif": (
        saved(Image.new("I", (4, 4)), "TIFF"),
        "32-bit signed samples",
    ),
    "lab.tif": (saved(Image.new("LAB", (4, 4)), "TIFF"), "CIELAB"),
    "bomb.png": (
        bad_png(struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)),
        "million pixels",
    ),
    "bomb16.png": (
        bad_png(struct.pack(">IIBBBBB", 60000, 60000, 16, 2, 0, 0, 0)),
        "million pixels",
    ),
    "zero.png": (
        bad_png(struct.pack(">IIBBBBB", 0, 5, 8, 2, 0, 0, 0)),
        "damaged",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_sentence(tmp_path, name):
    data, words = BAD[name]
    path = tmp_path / name
    if data is None:
        write_photo(path, Photo(random_image((64, 64, 3), "uint16")))
        data = path.read_bytes()[:900]
    path.write_bytes(data)
    with pytest.raises(PhotoError, match=words) as error:
        read_photo(path)
    message = str(error.value)
    assert name in message and "\n" not in message


def test_missing_and_folder(tmp_path):
    with pytest.raises(PhotoError, match="does not exist"):
        read_photo(tmp_path / "none.png")
    with pytest.raises(PhotoError, match="is a folder"):
        read_photo(tmp_path)


def test_endless_and_huge_files(tmp_path):
    with pytest.raises(PhotoError, match="not a regular file"):
        read_photo("/dev/zero")
    path = tmp_path / "a.png"
    with open(path, "wb") as file:
        file.truncate(3 << 30)  # sparse: takes no room
    with pytest.raises(PhotoError, match="larger than 2 GiB"):
        read_photo(path)
