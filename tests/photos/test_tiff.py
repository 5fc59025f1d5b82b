"""TIFF: which picture is the photo, bands, bit depths, tags."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from kerasrestore.photos import Photo, PhotoError


def pixels(shape, dtype="uint8", seed=0):
    high = np.iinfo(dtype).max + 1
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def tiff(*pages):
    """A TIFF in memory of pairs of an array and what tifffile is told."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for array, options in pages:
            writer.write(array, metadata=None, **options)
    return io.BytesIO(file.getvalue())


RGB = pixels((40, 60, 3))
DEEP = pixels((40, 60, 3), "uint16")
WHOLE = (RGB, {"photometric": "rgb"})
PREVIEW = {"photometric": "rgb", "subfiletype": 1}
MASK = {"photometric": "miniswhite", "subfiletype": 4}


@pytest.mark.parametrize(
    "pages",
    [
        [(RGB[:10, :15], PREVIEW), WHOLE],
        [WHOLE, (RGB[:10, :15], PREVIEW)],
        # Unmarked, and the photo in a page below.
        [(RGB[:10, :15], {"photometric": "rgb"}), WHOLE],
        [(RGB[:10, :15], {**PREVIEW, "subifds": 1}), WHOLE],
        [WHOLE, (RGB[..., 0] > 127, MASK), (RGB[::2, ::2], PREVIEW)],
        # Halves that were rounded up.
        [WHOLE, (RGB[:22, :31], {"photometric": "rgb"})],
    ],
)
def test_the_main_picture_is_taken(pages):
    photo = Photo.read(tiff(*pages))
    np.testing.assert_array_equal(photo.pixels, RGB)
    assert f"{len(pages)} images" in photo.notes[0]


def test_several_pictures_are_refused():
    pages = [(RGB, {"photometric": "rgb"}), (RGB[:30], {"photometric": "rgb"})]
    with pytest.raises(PhotoError, match="2 images"):
        Photo.read(tiff(*pages))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("alpha", [False, True])
def test_orientation_of_sixteen_bits(orientation, alpha):
    bands = pixels((40, 60, 4 if alpha else 3), "uint16")
    options = {
        "photometric": "rgb",
        "extrasamples": ["unassalpha"] if alpha else None,
        "extratags": [(274, 3, 1, orientation, True)],
    }
    found = np.asarray(Photo.read(tiff((bands, options))))
    wanted = bands.swapaxes(0, 1) if orientation > 4 else bands
    wanted = wanted[::-1] if orientation in (3, 4, 7, 8) else wanted
    wanted = wanted[:, ::-1] if orientation in (2, 3, 6, 7) else wanted
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("bands", [1, 3])
def test_opacity_is_divided_out(dtype, bands):
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    colour = np.full((8, 9, bands), 0.75 * white)
    alpha = np.linspace(0, white, 72).reshape(8, 9, 1)
    stored = np.dstack([colour * alpha / white, alpha])
    stored = (np.rint(stored) if white > 1 else stored).astype(dtype)
    photo = Photo.read(
        tiff(
            (
                stored,
                {
                    "photometric": "rgb" if bands == 3 else "minisblack",
                    "planarconfig": "contig",
                    "extrasamples": ["assocalpha"],
                },
            )
        )
    )
    found = photo.pixels.reshape(8, 9, bands)[4:] / white
    np.testing.assert_allclose(found, 0.75, atol=0.01)
    np.testing.assert_array_equal(photo.alpha, stored[..., -1])


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_bands_of_other_meanings_are_kept(tmp_path, dtype):
    bands = pixels((8, 9, 4), dtype)
    options = {"photometric": "rgb", "extrasamples": ["unspecified"]}
    file = tiff((bands, options))
    photo = Photo.read(file)
    assert photo.alpha is None
    np.testing.assert_array_equal(photo.extra, bands[..., 3:])
    photo.save(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as written:
        np.testing.assert_array_equal(written.asarray(), bands)
        assert [int(e) for e in written.pages[0].extrasamples] == [0]
    with pytest.warns(UserWarning, match="extra channels"):
        photo.save(tmp_path / "a.png")


def test_opacity_behind_another_band(tmp_path):
    bands = pixels((8, 9, 5), "uint16")
    options = {
        "photometric": "rgb",
        "extrasamples": ["unspecified", "unassalpha"],
    }
    photo = Photo.read(tiff((bands, options)))
    np.testing.assert_array_equal(photo.alpha, bands[..., 4])
    np.testing.assert_array_equal(photo.extra[..., 0], bands[..., 3])


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_bits_between_eight_and_sixteen(bits):
    top = (1 << bits) - 1
    array = np.arange(top + 1, dtype="uint16").reshape(32, -1)
    photo = Photo.read(tiff((array, {"bitspersample": bits})))
    assert photo.pixels.dtype == np.uint16
    wanted = np.rint(array * (65535 / top))
    np.testing.assert_array_equal(photo.pixels, wanted)


def test_inverted_gray():
    for dtype in ("uint8", "uint16"):
        array = pixels((8, 9), dtype)
        photo = Photo.read(tiff((array, {"photometric": "miniswhite"})))
        np.testing.assert_array_equal(photo.pixels, np.iinfo(dtype).max - array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "YCbCr"])
@pytest.mark.parametrize("compression", [None, "jpeg", "tiff_lzw"])
def test_pixels_are_those_of_libtiff(mode, compression):
    if compression == "jpeg" and mode in ("1", "P"):
        return  # not in TIFF
    file = io.BytesIO()
    Image.fromarray(RGB).convert(mode).save(
        file, "TIFF", compression=compression
    )
    data = file.getvalue()
    found = np.asarray(Photo.read(io.BytesIO(data)))
    with Image.open(io.BytesIO(data)) as image:
        kept = mode if mode in ("LA", "RGBA") else "RGB"
        wanted = np.asarray(image.convert("L" if mode in "1L" else kept))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats(tmp_path, dtype):
    array = np.random.default_rng(0).normal(0.5, 1, (8, 9, 3)).astype(dtype)
    photo = Photo.read(tiff((array, {"photometric": "rgb"})))
    assert photo.linear
    np.testing.assert_allclose(photo.pixels, array, rtol=1e-6)
    photo.save(tmp_path / "a.tif")
    again = Photo.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    with pytest.raises(PhotoError, match="cannot store floats"):
        photo.save(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (
            RGB.astype("uint32"),
            {"photometric": "rgb"},
            "32-bit integer samples",
        ),
        (RGB.astype("int16"), {"photometric": "rgb"}, "16-bit signed samples"),
        (RGB[..., 0].astype("complex64"), {}, "complex samples"),
        (RGB, {"photometric": "cielab"}, "CIELAB"),
        (
            pixels((8, 9, 4), "uint16"),
            {"photometric": "separated", "planarconfig": "contig"},
            "CMYK",
        ),
    ],
)
def test_what_cannot_be_read_is_named(array, options, words):
    with pytest.raises(PhotoError, match=words) as error:
        Photo.read(tiff((array, options)))
    assert "damaged" not in str(error.value)


@pytest.mark.parametrize(
    ("tag", "value", "words"),
    [
        # A width of many numbers, which times the height is more of them.
        (256, struct.pack("<HII", 4, 12, 8), "contains no image"),
        (277, struct.pack("<HIHH", 3, 1, 60_000, 0), "60000 bands"),
    ],
)
def test_damaged_sizes_take_no_memory(tag, value, words):
    data = tiff((RGB, {"photometric": "rgb"})).getvalue()
    kind = 4 if tag == 256 else 3
    entry = data.index(struct.pack("<HH", tag, kind))
    data = data[: entry + 2] + value + data[entry + 12 :]
    with pytest.raises(PhotoError, match=words):
        Photo.read(io.BytesIO(data))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_texts_keep_their_accents(tmp_path, big, order):
    told = {
        270: "Blick vom Königstuhl",
        315: "Zoë Çelik",
        33432: "© José Peña 2024",
    }
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=big, byteorder=order) as writer:
        writer.write(
            RGB,
            photometric="rgb",
            metadata=None,
            extratags=[
                (tag, 2, 0, text.encode(), True) for tag, text in told.items()
            ],
        )
    photo = Photo.read(io.BytesIO(file.getvalue()))
    photo.save(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as written:
        tags = written.pages[0].tags
        assert {tag: tags[tag].value for tag in told} == told
    for ending in ("jpg", "png", "webp"):
        photo.save(tmp_path / f"a.{ending}")
        data = (tmp_path / f"a.{ending}").read_bytes()
        assert all(text.encode() in data for text in told.values())
