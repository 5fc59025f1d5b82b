"""Photo files: read, looked at, written again in every format."""

import numpy as np
from fuzz import photo_seeds
from fuzz.damage import damage_image
from fuzz.target import Target

# What a photo may have here, and what may be held for it: pixels as floats of
# 16 bands four times over, and metadata of up to 64 MiB.
MAX_PIXELS = 250_000
MEMORY = MAX_PIXELS * 16 * 4 * 4 + 3 * 2**26
PHOTOS = 2600
WRITTEN = (".png", ".jpg", ".tif", ".webp", ".avif", ".bmp")


def damage(path, rng):
    path.write_bytes(damage_image(path.read_bytes(), rng))


def run(path, out):
    """Reads a photo and writes what it holds in every format."""
    from kerasrestore.photos import PhotoError, read_photo, write_photo
    from kerasrestore.photos.restoring import restore_photo

    photo = read_photo(path, max_pixels=MAX_PIXELS)
    check_photo(photo)
    try:
        photo = restore_photo(photo, lambda pixels: pixels)
    except PhotoError:
        assert photo.pixels.dtype == np.float32
        photo.pixels = np.nan_to_num(photo.pixels).clip(0, 1)
    written = 0
    for suffix in WRITTEN:
        small = photo
        if photo.pixels.dtype == np.float32 and suffix != ".tif":
            small = photo.with_bits(16)
        if suffix not in (".png", ".tif"):
            small = small.with_bits(8)
        if small.alpha is not None and suffix == ".jpg":
            small.alpha = None
        target = out / f"a{suffix}"
        write_photo(target, small)
        again = read_photo(target, max_pixels=MAX_PIXELS)
        assert again.size == small.size, (suffix, again.size)
        if suffix in (".png", ".tif"):
            same = np.array_equal(again.pixels, small.pixels, equal_nan=True)
            assert same, f"{suffix} has other pixels"
        # What a later format leaves on failure is then to be seen.
        target.unlink()
        written += 1
    assert written == len(WRITTEN)


def check_photo(photo):
    """What every `Photo` promises."""
    height, width = photo.pixels.shape[:2]
    assert photo.pixels.dtype in (np.uint8, np.uint16, np.float32)
    assert photo.pixels.shape[2:] in ((), (3,)), photo.pixels.shape
    assert 0 < height * width <= MAX_PIXELS, photo.pixels.shape
    if photo.alpha is not None:
        assert photo.alpha.shape == (height, width), photo.alpha.shape
    if photo.extra is not None:
        assert photo.extra.shape[:2] == (height, width), photo.extra.shape
    for key in ("exif", "xmp", "iptc", "icc_profile", "comment"):
        assert isinstance(getattr(photo, key), (bytes, type(None))), key
    for note in photo.notes:
        assert note.isprintable(), repr(note)


def run_training_image(path, out):
    """What training, evaluation and reports do with a file of a folder."""
    from kerasrestore.data.images import (
        image_size,
        is_gray_file,
        list_images,
        load_image,
    )

    assert list_images(path.parent) == [path]
    assert is_gray_file(path) in (True, False, None)
    height, width = image_size(path)
    if height * width > MAX_PIXELS:
        raise ValueError("This image would be too large for this test.")
    for channels in (1, 3):
        array = load_image(path, channels)
        assert array.shape == (height, width, channels), array.shape
        assert array.dtype == np.uint8


LOADS = (
    "kerasrestore.photos", "kerasrestore.photos.tiff", "imagecodecs",
    "tifffile", "pillow_heif", "OpenEXR", "rawpy", "PIL.ImageCms",
    "PIL.AvifImagePlugin", "PIL.TiffImagePlugin", "PIL.MpoImagePlugin",
)  # fmt: skip


def targets():
    for name, make in photo_seeds.MAKERS.items():
        yield Target(
            name, make, damage, run, memory=MEMORY, inputs=PHOTOS, loads=LOADS
        )
    yield Target(
        "training_image",
        photo_seeds.make_mixed,
        damage,
        run_training_image,
        memory=MEMORY,
        loads=LOADS,
        # Pillow's about unusual metadata, which training does not read.
        warnings="ignore",
    )
