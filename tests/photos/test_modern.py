"""AVIF, HEIC, JPEG XL, OpenEXR and camera raw.

The files in `heic` are of a ramp, 48x32, encoded by pillow-heif: `photo` has
EXIF with orientation 6 and XMP, `opacity` a fourth band, `multiplied` one that
is multiplied into the colours, `deep` 10 bits in
BT.2020 with PQ, `two` a second picture.
"""

import contextlib
import io
import struct
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from kerasrestore.photos import Photo, PhotoError, PhotoWarning
from kerasrestore.photos.formats import kind_of

HEIC = Path(__file__).parent / "heic"
Y, X = np.mgrid[:32, :48]
RAMP = np.dstack([X * 5, Y * 7, (X + Y) * 3]).astype("uint8")


def exif_block(orientation=1):
    exif = Image.Exif()
    exif[0x010F] = "Zoë".encode()
    exif[0x0112] = orientation
    return exif.tobytes()


def saved(photo, ending):
    file = io.BytesIO()
    photo.save(file, format=ending)
    return Photo.read(io.BytesIO(file.getvalue()))


def test_heic():
    photo = Photo.read(HEIC / "photo.heic")
    error = photo.pixels.astype(int) - np.rot90(RAMP, -1)
    assert photo.size == (32, 48) and np.abs(error).mean() < 3
    again = saved(photo, "jpg")
    assert b"Camera" in again.exif
    assert b"xmpmeta" in again.xmp
    tags = Image.Exif()
    tags.load(again.exif)
    assert tags[0x0112] == 1
    assert tags.get_ifd(0x8769)[0xA002] == 32


def test_heic_of_ten_bits(tmp_path):
    photo = Photo.read(HEIC / "deep.heic")
    wanted = np.dstack([X * 1300, Y * 2000, (X + Y) * 800])
    error = photo.pixels.astype(int) - wanted
    assert photo.pixels.dtype == np.uint16 and np.abs(error).mean() < 800
    assert photo.cicp == (9, 16)
    assert saved(photo, "png").cicp == (9, 16)
    with pytest.warns(PhotoWarning, match="cICP"):
        photo.save(tmp_path / "a.tif")


def test_heic_of_several_bands_and_pictures():
    photo = Photo.read(HEIC / "opacity.heic")
    assert np.abs(photo.alpha.astype(int) - X * 5).mean() < 3
    photo = Photo.read(HEIC / "multiplied.heic")
    shown = photo.alpha > 100
    error = photo.pixels.astype(int) - RAMP
    assert np.abs(error[shown]).mean() < 6
    photo = Photo.read(HEIC / "two.heic")
    assert photo.size == (48, 32) and "2 images" in photo.notes[0]


def test_heic_without_its_reader(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"kerasrestore\[heif\]"):
        Photo.read(HEIC / "photo.heic")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif(orientation):
    file = io.BytesIO()
    Image.fromarray(RAMP).save(
        file, "AVIF", quality=95, exif=exif_block(orientation)
    )
    photo = Photo.read(io.BytesIO(file.getvalue()))
    wanted = RAMP.swapaxes(0, 1) if orientation > 4 else RAMP
    wanted = wanted[::-1] if orientation in (3, 4, 7, 8) else wanted
    wanted = wanted[:, ::-1] if orientation in (2, 3, 6, 7) else wanted
    assert np.abs(photo.pixels.astype(int) - wanted).mean() < 3
    assert saved(photo, "avif").size == photo.size


def test_avif_keeps_accents():
    again = saved(Photo(RAMP, exif=exif_block()), "avif")
    assert "Zoë".encode() in again.exif
    assert saved(again, "avif").exif == again.exif


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_avif_of_more_bits(bits, bands):
    deep = np.dstack([RAMP, RAMP[..., 0]]).astype("uint16") << (bits - 8)
    deep = deep[..., 0] if bands == 1 else deep[..., :bands]
    data = imagecodecs.avif_encode(deep, level=100, bitspersample=bits)
    photo = Photo.read(io.BytesIO(data))
    top = (1 << bits) - 1
    found = np.asarray(photo) / 65535
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_allclose(found, deep / top, atol=0.02)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("container", [False, True])
def test_jpeg_xl(dtype, bands, container):
    top = np.iinfo(dtype).max
    array = np.random.default_rng(0).integers(0, top, (9, 47, bands), dtype)
    array = array[..., 0] if bands == 1 else array
    data = imagecodecs.jpegxl_encode(
        array, lossless=True, usecontainer=container
    )
    photo = Photo.read(io.BytesIO(data))
    np.testing.assert_array_equal(np.asarray(photo), array)
    assert "sRGB is assumed" in photo.notes[0]
    with pytest.raises(PhotoError, match="47x9"):
        Photo.read(io.BytesIO(data), max_pixels=100)


@pytest.mark.parametrize("packed", [False, True])
def test_metadata_of_jpeg_xl(packed):
    data = imagecodecs.jpegxl_encode(RAMP, lossless=True, usecontainer=True)
    for name, body in (
        (b"Exif", bytes(4) + exif_block(6)[6:]),
        (b"xml ", b"<x/>"),
    ):
        box = name + body
        if packed:
            box = b"brob" + name + imagecodecs.brotli_encode(body)
        data += struct.pack(">I", 4 + len(box)) + box
    photo = Photo.read(io.BytesIO(data))
    # libjxl turns pictures itself, by what the picture says.
    assert photo.size == (48, 32)
    assert b"Zo" in photo.exif and photo.xmp == b"<x/>"


@pytest.mark.parametrize("shape", [(256, 256), (96, 40), (1, 300), (600, 7)])
def test_sizes_of_jpeg_xl(shape):
    data = imagecodecs.jpegxl_encode(np.zeros((*shape, 3), "uint8"), level=70)
    size = f"{shape[1]}x{shape[0]} pixels"
    with pytest.raises(PhotoError, match=size):
        Photo.read(io.BytesIO(data), max_pixels=10)


def exr(tmp_path, channels, **header):
    import OpenEXR

    path = tmp_path / "a.exr"
    header |= {"compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, channels).write(str(path))
    return path


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_exr(tmp_path, dtype):
    array = np.random.default_rng(0).normal(1, 3, (9, 7, 4)).astype(dtype)
    array[..., 3] = 0.5
    photo = Photo.read(exr(tmp_path, {"RGBA": array}))
    assert photo.linear and photo.pixels.dtype == np.float32
    # OpenEXR has opacity multiplied in.
    np.testing.assert_allclose(photo.pixels, array[..., :3] * 2.0, rtol=1e-3)
    photo.save(tmp_path / "a.tif")
    again = Photo.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.asarray(again), np.asarray(photo))
    gray = {"Y": array[..., 0].copy(), "Z": array[..., 1].copy()}
    photo = Photo.read(exr(tmp_path, gray))
    np.testing.assert_allclose(photo.pixels, array[..., 0], rtol=1e-6)
    assert "channels Z" in photo.notes[0]


def test_exr_that_is_no_photo(tmp_path, monkeypatch):
    depth = np.ones((9, 7), "float32")
    with pytest.raises(PhotoError, match="has the channels Z"):
        Photo.read(exr(tmp_path, {"Z": depth}))
    path = exr(tmp_path, {"Y": depth})
    with pytest.raises(PhotoError, match="7x9 pixels"):
        Photo.read(path, max_pixels=10)
    data = path.read_bytes()
    with pytest.raises(PhotoError, match="damaged"):
        Photo.read(io.BytesIO(data[: len(data) // 2]))
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(PhotoError, match=r"kerasrestore\[exr\]"):
        Photo.read(path)


def raw(tmp_path, name="a.dng", version=True):
    """A DNG: a preview, and the mosaic of a sensor."""
    mosaic = np.full((40, 60), 9000, "uint16")
    pattern = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)]
    told = [(50706, 1, 4, b"\1\4\0\0", True)] if version else []
    told += [(271, 2, 0, "Camera", True), (700, 1, 4, b"<x/>", True)]
    with tifffile.TiffWriter(tmp_path / name) as writer:
        writer.write(
            RAMP[:10, :15],
            photometric="rgb",
            subfiletype=1,
            subifds=1,
            extratags=told,
            metadata=None,
        )
        writer.write(
            mosaic, photometric="cfa", extratags=pattern, metadata=None
        )
    return tmp_path / name


def test_raw_is_developed(tmp_path):
    photo = Photo.read(raw(tmp_path))
    assert photo.size == (60, 40) and photo.pixels.dtype == np.uint16
    assert "Developed from raw" in photo.notes[0]
    assert b"Camera" in photo.exif and photo.xmp == b"<x/>"
    photo.save(tmp_path / "a.tif")
    assert b"Camera" in Photo.read(tmp_path / "a.tif").exif


def test_raw_without_colours(tmp_path):
    version = [(50706, 1, 4, b"\1\4\0\0", True)]
    tifffile.imwrite(
        tmp_path / "a.dng",
        np.full((40, 60), 9000, "uint16"),
        photometric="minisblack",
        extratags=version,
        metadata=None,
    )
    data = (tmp_path / "a.dng").read_bytes()
    # Linear raw, of one band: tifffile writes three.
    told, meant = (struct.pack("<HHIH", 262, 3, 1, n) for n in (1, 34892))
    assert data.count(told) == 1
    photo = Photo.read(io.BytesIO(data.replace(told, meant)))
    assert photo.pixels.shape == (40, 60)


@pytest.mark.parametrize(
    ("name", "version"),
    [("a.dng", True), ("a.tif", True), ("a.tif", False), ("a.nef", False)],
)
def test_raw_without_its_reader(tmp_path, monkeypatch, name, version):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(PhotoError, match=r"install kerasrestore\[raw\]"):
        Photo.read(raw(tmp_path, name, version))


def test_raw_that_cannot_be_developed(tmp_path):
    for name, data in (
        ("a.raf", b"FUJIFILMCCD-RAW" + bytes(400)),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(400)),
        ("a.cr2", b"II*\0\x10\0\0\0CR\2\0" + bytes(400)),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PhotoError, match="cannot be developed") as error:
            Photo.read(tmp_path / name)
        assert "\n" not in str(error.value)
    # A preview under the name of a raw file is not the photo.
    Image.fromarray(RAMP).save(tmp_path / "b.nef", "TIFF")
    with pytest.raises(PhotoError, match="cannot be developed"):
        Photo.read(tmp_path / "b.nef")


@pytest.mark.parametrize("kind", ["AVIF", "HEIC", "JXL"])
def test_damage_is_one_error_at_most(kind):
    if kind == "AVIF":
        file = io.BytesIO()
        Image.fromarray(RAMP).save(file, "AVIF", exif=exif_block(6))
        data = file.getvalue()
    elif kind == "HEIC":
        data = (HEIC / "photo.heic").read_bytes()
    else:
        data = imagecodecs.jpegxl_encode(RAMP, usecontainer=True)
    assert kind_of(data) == kind
    rng = np.random.default_rng(0)
    for index in range(60):
        broken = bytearray(data)
        for place in rng.integers(12, len(data), 3):
            broken[place] = rng.integers(256)
        cut = rng.integers(20, len(data)) if index % 3 == 0 else len(data)
        with contextlib.suppress(PhotoError):
            Photo.read(io.BytesIO(bytes(broken[:cut])), max_pixels=100_000)
