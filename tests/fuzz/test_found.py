"""What damaged photo files once did, as small files."""

import io
import struct
import zlib

import numpy as np
import pytest
from fuzz.photo_seeds import HEIC, RAMP, exif
from PIL import Image

from kerasrestore.data.images import image_size, load_image
from kerasrestore.messages import one_line
from kerasrestore.photos import Photo, PhotoError

# With a document type, so that it is not parsed and stays as it is.
XMP = (
    b'<!DOCTYPE x><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def with_chunk(name, body):
    file = io.BytesIO()
    Image.fromarray(RAMP).save(file, "PNG")
    data = file.getvalue()
    checksum = zlib.crc32(name + body)
    chunk = struct.pack(">I", len(body)) + name + body
    return data[:33] + chunk + struct.pack(">I", checksum) + data[33:]


def test_names_of_chunks_do_not_steer_a_terminal():
    photo = Photo.read(io.BytesIO(with_chunk(b"\x1b[2J", b"")))
    assert photo.notes == ("Dropped: ?[2J.",)


def test_keywords_do_not_steer_a_terminal(tmp_path):
    photo = Photo.read(io.BytesIO(with_chunk(b"tEXt", b"\x1b[2J\0me")))
    with pytest.warns(UserWarning, match=r"PNG texts \(\?\[2J\)"):
        photo.save(tmp_path / "a.webp")


def test_what_a_decoder_says_is_one_line():
    assert one_line("a\n\x07" + "x" * 999).startswith("a ?xx")
    assert len(one_line("x" * 999)) < 300
    # libheif ends its message with a line feed.
    data = (HEIC / "photo.heic").read_bytes()[:600]
    with pytest.raises(PhotoError, match=r"damaged \(.*copy") as error:
        Photo.read(io.BytesIO(data))
    assert str(error.value).isprintable()


@pytest.mark.parametrize("kind", ["webp", "avif", "png"])
def test_an_orientation_in_xmp_alone_is_not_applied(tmp_path, kind):
    # Pillow takes it for EXIF; other formats and browsers do not.
    Photo(RAMP, xmp=XMP).save(tmp_path / f"a.{kind}")
    photo = Photo.read(tmp_path / f"a.{kind}")
    assert photo.size == (48, 32) and photo.exif is None
    assert photo.xmp == XMP


def test_damaged_exif_is_written_without_a_warning(tmp_path):
    # The value of the first tag lies beyond the block.
    block = bytearray(exif(1))
    at = block.index(struct.pack(">HH", 0x010F, 2))
    block[at + 4 : at + 12] = struct.pack(">II", 10**6, 10**6)
    Photo(RAMP, exif=bytes(block)).save(tmp_path / "a.avif")
    assert Photo.read(tmp_path / "a.avif").size == (48, 32)


def test_the_size_of_a_tiff_turned_by_its_xmp(tmp_path):
    path = tmp_path / "a.tif"
    tag = {700: XMP}
    Image.fromarray(RAMP).save(path, tiffinfo=tag)
    assert load_image(path).shape[:2] == image_size(path)
    Image.fromarray(RAMP).save(path, exif=exif(6))
    assert load_image(path).shape[:2] == image_size(path) == (48, 32)


def test_an_image_that_claims_more_than_there_is(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(RAMP).save(path)

    def load(image):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", load)
    monkeypatch.setattr(np, "asarray", lambda image: image.load())
    with pytest.raises(ValueError, match=r"a\.png cannot be read .*Memory"):
        load_image(path)
