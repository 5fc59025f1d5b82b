"""What each format keeps of itself: WebP, BMP, AVIF, names of files."""

import io
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasrestore.photos import Photo, PhotoError, reading
from kerasrestore.photos.formats import MAX_PIXELS, kind_of


def pixels(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("exif", [False, True])
def test_lossless_webp_stays_lossless(tmp_path, bands, exif):
    tags = Image.Exif()
    tags[0x010F] = "Camera"
    Image.fromarray(pixels((30, 40, bands))).save(
        tmp_path / "a.webp",
        lossless=True,
        exact=True,
        exif=tags if exif else b"",
    )
    photo = Photo.read(tmp_path / "a.webp")
    assert photo.lossless
    photo.save(tmp_path / "b.webp")
    np.testing.assert_array_equal(
        np.asarray(Photo.read(tmp_path / "b.webp")), np.asarray(photo)
    )
    photo.save(tmp_path / "c.webp", quality=50)
    lossy = Photo.read(tmp_path / "c.webp")
    assert not lossy.lossless
    assert (tmp_path / "c.webp").stat().st_size < (
        tmp_path / "b.webp"
    ).stat().st_size


def test_bmp_with_opacity(tmp_path):
    photo = Photo(pixels((5, 7, 3)), pixels((5, 7), 1), dpi=(300, 300))
    photo.save(tmp_path / "a.bmp")
    found = Photo.read(tmp_path / "a.bmp")
    np.testing.assert_array_equal(np.asarray(found), np.asarray(photo))
    np.testing.assert_allclose(found.dpi, photo.dpi, rtol=1e-3)


def test_quality(tmp_path):
    photo = Photo(pixels((64, 64, 3)))
    for ending in ("jpg", "webp", "avif"):
        sizes = []
        for quality in (10, 90, None):
            photo.save(tmp_path / f"a.{ending}", quality=quality)
            sizes.append((tmp_path / f"a.{ending}").stat().st_size)
        assert sizes[0] < sizes[1] < sizes[2]
    with pytest.raises(PhotoError, match="from 1 to 100"):
        photo.save(tmp_path / "b.jpg", quality=0)


@pytest.mark.parametrize("length", [200, 240, 251, 255])
def test_long_names(tmp_path, length):
    path = tmp_path / ("a" * (length - 4) + ".png")
    Photo(pixels((4, 4))).save(path)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_names_that_are_too_long(tmp_path):
    with pytest.raises(PhotoError, match="cannot be written"):
        Photo(pixels((4, 4))).save(tmp_path / ("a" * 252 + ".png"))
    with pytest.raises(PhotoError, match="cannot be read"):
        Photo.read(tmp_path / ("a" * 252 + ".png"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.JPE", "a.jfif", "a.JPEG", "a.dib"])
def test_other_endings(tmp_path, name):
    Photo(pixels((4, 4, 3))).save(tmp_path / name)
    kind = "BMP" if name == "a.dib" else "JPEG"
    assert Photo.read(tmp_path / name).format == kind


def test_the_contents_count_and_not_the_ending(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels((4, 4, 3))).save(path, format="PNG")
    assert Photo.read(path).format == "PNG"


def test_files_without_a_name():
    file = io.BytesIO()
    Photo(pixels((4, 4))).save(file, format="png")
    assert kind_of(file.getvalue()) == "PNG"
    with pytest.raises(PhotoError, match="needs a format"):
        Photo(pixels((4, 4))).save(io.BytesIO())
    with pytest.raises(PhotoError, match="is not an output format"):
        Photo(pixels((4, 4))).save(io.BytesIO(), format="gif")
    with pytest.raises(PhotoError, match="The photo is not an image"):
        Photo.read(io.BytesIO(b"junk"))
    with pytest.raises(PhotoError, match="text file"):
        Photo.read(io.StringIO("junk"))


def test_any_kind_of_path(tmp_path, monkeypatch):
    Photo(pixels((4, 4))).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    (entry,) = os.scandir(tmp_path)
    for path in ("a.png", b"a.png", Path("a.png"), entry):
        assert Photo.read(path).size == (4, 4)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "AVIF"])
def test_large_photos_by_permission(monkeypatch, kind):
    file = io.BytesIO()
    Image.fromarray(pixels((40, 50, 3))).save(file, kind)
    # As if these were hundreds of millions.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    monkeypatch.setattr("kerasrestore.photos.reading.MAX_PIXELS", 900)
    data = file.getvalue()
    with pytest.raises(PhotoError, match="max-megapixels"):
        Photo.read(io.BytesIO(data), max_pixels=900)
    assert Photo.read(io.BytesIO(data), max_pixels=2000).size == (50, 40)
    assert Image.MAX_IMAGE_PIXELS == 900


def test_threads_read_at_the_same_time(monkeypatch):
    file = io.BytesIO()
    Photo(pixels((4, 5))).save(file, format="PNG")
    decode, both = reading._decode, threading.Barrier(2)

    def wait(*args):
        both.wait(timeout=60)
        return decode(*args)

    def read(max_pixels):
        photo = Photo.read(io.BytesIO(file.getvalue()), max_pixels=max_pixels)
        return photo.size

    monkeypatch.setattr(reading, "_decode", wait)
    before = (Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read, [100, 2 * MAX_PIXELS])) == [(5, 4)] * 2
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


@pytest.mark.parametrize("bits", [8, 16])
def test_with_bits(bits):
    top = (1 << bits) - 1
    assert (
        Photo(np.full((2, 2), 255, "uint8")).with_bits(bits).pixels == top
    ).all()
    light = Photo(np.full((2, 2), 0.214, "float32"), linear=True)
    found = light.with_bits(bits).pixels / top
    np.testing.assert_allclose(found, 0.5, atol=3e-3)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("full", [4095, 65535])
def test_bits_from_another_white_level(bits, full):
    """Alpha has the white level as its full scale if it fits below it."""
    top = (1 << bits) - 1
    pixels = np.array([[0, 4095]], "uint16")
    photo = Photo(pixels, np.array([[0, full]], "uint16"))
    found = photo.with_bits(bits, white_level=4095)
    assert found.pixels.tolist() == found.alpha.tolist() == [[0, top]]
    light = Photo(np.array([[0.0, 200, 300]], "float32"))
    found = light.with_bits(bits, white_level=200)
    assert found.pixels.tolist() == [[0, top, top]]
    for white in (0, 1023):
        with pytest.raises(PhotoError, match="does not fit a white level"):
            photo.with_bits(bits, white_level=white)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_what_a_notebook_shows(dtype):
    photo = Photo(np.zeros((4, 6, 3), dtype), format="TIFF")
    assert repr(photo) == f"Photo(6x4, {dtype}, TIFF)"
    with Image.open(io.BytesIO(photo._repr_png_())) as shown:
        assert shown.size == (6, 4)
