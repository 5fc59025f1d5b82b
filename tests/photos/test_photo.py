import os

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from kerasrestore import files
from kerasrestore.photos import (
    Photo,
    PhotoError,
    check_writable,
    read_photo,
    write_photo,
)

LOSSLESS = (".png", ".tif", ".bmp")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'


def pixels(shape, dtype="uint8", seed=0):
    high = np.iinfo(dtype).max + 1
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def exif_block(orientation=1, make="Camera"):
    exif = Image.Exif()
    exif[0x010F] = make
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x829A] = 0.125
    exif[0x8769] = exif.get_ifd(0x8769)
    return exif.tobytes()


def read_back(photo, path):
    write_photo(path, photo)
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    return read_photo(path)


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_round_trip(tmp_path, suffix, dtype, shape, alpha):
    photo = Photo(
        pixels(shape, dtype), alpha=pixels((5, 7), dtype, 1) if alpha else None
    )
    if suffix == ".bmp" and dtype == "uint16":
        with pytest.raises(PhotoError, match="cannot store"):
            write_photo(tmp_path / f"a{suffix}", photo)
        return
    found = read_back(photo, tmp_path / f"a{suffix}")
    wanted = photo.pixels
    if suffix == ".bmp" and alpha and len(shape) == 2:
        wanted = np.dstack([wanted] * 3)  # BMP has no gray with opacity
    np.testing.assert_array_equal(found.pixels, wanted)
    assert found.pixels.dtype == dtype
    if alpha:
        np.testing.assert_array_equal(found.alpha, photo.alpha)
    else:
        assert found.alpha is None


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    colour=st.booleans(),
    alpha=st.booleans(),
    deep=st.booleans(),
    suffix=st.sampled_from([".png", ".tif"]),
)
def test_round_trip_of_any_size(
    tmp_path_factory, height, width, colour, alpha, deep, suffix
):
    dtype = "uint16" if deep else "uint8"
    shape = (height, width, 3) if colour else (height, width)
    photo = Photo(
        pixels(shape, dtype),
        alpha=pixels((height, width), dtype, 1) if alpha else None,
    )
    found = read_back(photo, tmp_path_factory.mktemp("a") / f"a{suffix}")
    np.testing.assert_array_equal(found.pixels, photo.pixels)
    if alpha:
        np.testing.assert_array_equal(found.alpha, photo.alpha)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats_stay_close(tmp_path, suffix):
    ramp = np.linspace(0, 255, 64).astype("uint8")
    photo = Photo(np.stack([np.tile(ramp, (48, 1))] * 3, axis=-1))
    found = read_back(photo, tmp_path / f"a{suffix}")
    error = found.pixels.astype(int) - photo.pixels
    assert np.abs(error).mean() < 2


def test_webp_keeps_alpha(tmp_path):
    photo = Photo(pixels((16, 16, 3)), alpha=pixels((16, 16), seed=1))
    found = read_back(photo, tmp_path / "a.webp")
    np.testing.assert_array_equal(found.alpha, photo.alpha)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_metadata_is_kept(tmp_path, suffix, dtype):
    if dtype == "uint16" and suffix in (".jpg", ".webp"):
        return
    photo = Photo(
        pixels((8, 9, 3), dtype),
        exif=exif_block(),
        icc_profile=PROFILE,
        xmp=XMP,
        dpi=(300.0, 300.0),
    )
    path = tmp_path / f"a{suffix}"
    found = read_back(photo, path)
    assert found.icc_profile == PROFILE
    assert found.xmp == XMP
    with Image.open(path) as image:
        exif = image.getexif()
        assert exif[0x010F] == "Camera"
        assert exif.get_ifd(0x8769)[0x829A] == 0.125
    if suffix != ".webp":
        np.testing.assert_allclose(found.dpi, (300, 300), rtol=1e-3)
    # A second round changes nothing more.
    again = read_back(found, tmp_path / f"a{suffix}")
    assert again.exif == found.exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_orientation_is_applied_once(tmp_path, orientation, suffix):
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera"
    options = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(pixels((6, 9, 3))).save(path, exif=exif, **options)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, upright)
    target = tmp_path / "b.png"
    write_photo(target, photo)
    np.testing.assert_array_equal(read_photo(target).pixels, upright)
    with Image.open(target) as image:
        assert image.getexif().get(0x0112, 1) == 1
        assert image.getexif()[0x010F] == "Camera"


def test_orientation_of_sixteen_bit_colour(tmp_path):
    photo = Photo(pixels((6, 9, 3), "uint16"), exif=exif_block(6))
    path = tmp_path / "a.png"
    write_photo(path, photo)
    found = read_photo(path)
    np.testing.assert_array_equal(found.pixels, np.rot90(photo.pixels, -1))


def test_exif_is_kept_byte_for_byte_but_for_the_orientation(tmp_path):
    block = exif_block(6)
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels((6, 9, 3))).save(path, exif=block)
    found = read_photo(path).exif
    different = [i for i in range(len(block)) if block[i] != found[i]]
    assert len(found) == len(block) and len(different) == 1


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0MM\xd3*\0\0\0\x08\0\0\0\0\0\0",
        b"junk",
    ],
)
def test_broken_exif_does_not_stop(tmp_path, block):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=block)
    photo = read_photo(path)
    assert photo.pixels.shape == (8, 8, 3)
    for ending in ("jpg", "png", "tif", "webp", "avif"):
        write_photo(tmp_path / f"b.{ending}", photo)


def test_palette(tmp_path):
    path = tmp_path / "a.png"
    image = Image.fromarray(pixels((9, 9, 3))).quantize(8)
    image.save(path)
    np.testing.assert_array_equal(
        read_photo(path).pixels, np.asarray(image.convert("RGB"))
    )
    image.save(path, transparency=0)
    photo = read_photo(path)
    np.testing.assert_array_equal(
        photo.alpha, np.where(np.asarray(image) == 0, 0, 255)
    )


def test_one_bit_and_colour_key(tmp_path):
    path = tmp_path / "a.png"
    bits = pixels((5, 5)) > 127
    Image.fromarray(bits).save(path)
    np.testing.assert_array_equal(read_photo(path).pixels, bits * 255)
    key = np.zeros((2, 2, 3), "uint8")
    key[0, 0] = (1, 2, 3)
    Image.fromarray(key).save(path, transparency=(1, 2, 3))
    np.testing.assert_array_equal(
        read_photo(path).alpha, [[0, 255], [255, 255]]
    )


def test_pictures_from_phones(tmp_path):
    path = tmp_path / "a.jpg"
    first, second = (Image.new("RGB", (8, 8), c) for c in ("red", "blue"))
    first.save(path, format="MPO", save_all=True, append_images=[second])
    photo = read_photo(path)
    assert photo.format == "JPEG"
    assert photo.pixels[0, 0, 0] > 200


def test_pil_round_trip():
    for mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        dtype = "uint16" if mode == "I;16" else "uint8"
        count = {"LA": (2,), "RGB": (3,), "RGBA": (4,)}.get(mode, ())
        array = pixels((4, 5, *count), dtype)
        image = Image.fromarray(array)
        assert image.mode == mode
        back = Photo.from_pil(image).to_pil()
        assert back.mode == mode
        np.testing.assert_array_equal(np.asarray(back), array)
    with pytest.raises(PhotoError, match=r"photo\.pixels"):
        Photo(pixels((4, 5, 3), "uint16")).to_pil()


def test_an_image_of_a_tiff(tmp_path):
    deep = pixels((4, 5), "uint16")
    options = {"photometric": "miniswhite", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", deep, **options)
    with Image.open(tmp_path / "a.tif") as image:
        photo = Photo.from_pil(image)
    np.testing.assert_array_equal(photo.pixels, 65535 - deep)


def test_pixel_limit(tmp_path):
    path = tmp_path / "a.png"
    write_photo(path, Photo(pixels((20, 20))))
    read_photo(path, max_pixels=400)
    with pytest.raises(PhotoError, match="pixels"):
        read_photo(path, max_pixels=399)


@pytest.mark.parametrize(
    ("name", "photo", "words"),
    [
        ("a.xyz", Photo(pixels((4, 4))), "extension"),
        ("a", Photo(pixels((4, 4))), "extension"),
        ("no/a.png", Photo(pixels((4, 4))), "not a folder"),
        ("a.jpg", Photo(pixels((4, 4), "uint16")), "16 bits"),
        ("a.webp", Photo(pixels((4, 4), "uint16")), "16 bits"),
        ("a.jpg", Photo(pixels((4, 4)), pixels((4, 4))), "transparency"),
        ("a.webp", Photo(pixels((1, 16384))), "side"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, photo, words):
    with pytest.raises(PhotoError, match=words):
        check_writable(tmp_path / name, photo)
    with pytest.raises(PhotoError, match=words):
        write_photo(tmp_path / name, photo)
    assert not list(tmp_path.iterdir())


def test_target_is_a_folder_or_below_a_file(tmp_path):
    photo = Photo(pixels((4, 4)))
    (tmp_path / "a.png").mkdir()
    with pytest.raises(PhotoError, match="is a folder"):
        check_writable(tmp_path / "a.png", photo)
    (tmp_path / "file").write_text("")
    with pytest.raises(PhotoError, match="not a folder"):
        check_writable(tmp_path / "file" / "a.png", photo)


def test_folder_without_permission(tmp_path, monkeypatch):
    # Root may write anywhere, so the system's answer is put in its place.
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.raises(PhotoError, match="Permission denied"):
        check_writable(tmp_path / "a.png", Photo(pixels((4, 4))))


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(PhotoError, match="No space left"):
        write_photo(path, Photo(pixels((4, 4))))
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.png"]
