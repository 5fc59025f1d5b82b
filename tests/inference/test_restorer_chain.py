import numpy as np
import pytest
from PIL import Image
from testing import enliven, random_image

from kerasrestore import DANetMobile, Photo, RestorerChain
from kerasrestore.imaging.mosaic import PATTERNS
from kerasrestore.tasks import Demosaic

SMALL = {"widths": (8, 16)}


@pytest.fixture(scope="module")
def models():
    flat = {"encoder_blocks": (), "decoder_blocks": (), "widths": (8,)}
    return {
        "denoise": enliven(DANetMobile(**SMALL), 1),
        "told": enliven(DANetMobile(**SMALL, sigma_input=True), 2),
        "jpeg": enliven(DANetMobile("jpeg", **SMALL), 3),
        "enlarge": enliven(
            DANetMobile(
                "super_resolution", scale=2, full_resolution=True, **flat
            ),
            4,
        ),
        "demosaic": enliven(DANetMobile("demosaic", **SMALL), 5),
    }


def chain(models, *names):
    return RestorerChain([models[name] for name in names])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_steps_follow_each_other_without_rounding_to_bytes(models, dtype):
    both = chain(models, "jpeg", "enlarge")
    image = random_image((20, 26, 3), dtype)
    restored = both.restore(image)
    assert restored.dtype == image.dtype and restored.shape == (40, 52, 3)
    top = np.float32(1 if dtype == "float32" else np.iinfo(dtype).max)
    first = models["jpeg"].restore(image.astype("f4") / top)
    second = models["enlarge"].restore(np.clip(first, 0, 1)) * top
    if dtype != "float32":
        second = np.clip(second, 0, top)
    # Floats of 16 bits have 11 bits of precision.
    assert np.abs(restored - second).max() <= top / 1000 + 1


def test_options_reach_those_that_take_them(models):
    image = random_image((16, 16, 3))
    both = chain(models, "told", "enlarge")
    weak = both.restore(image, sigma=10, strength=0.5)
    wanted = models["enlarge"].restore(
        np.clip(
            models["told"].restore(image, sigma=10, strength=0.5), 0, 1
        ).astype("f2")
    )
    np.testing.assert_allclose(weak, wanted, atol=2e-3)
    levels = np.full((16, 16), 10.0)
    np.testing.assert_allclose(
        both.restore(image, sigma=levels, strength=0.5), weak, atol=2e-3
    )
    with pytest.raises(ValueError, match="takes sigma; leave it out"):
        chain(models, "jpeg", "enlarge").restore(image, sigma=levels)
    with pytest.raises(ValueError, match="requires the noise level"):
        both.restore(image)
    with pytest.raises(ValueError, match="takes pattern; leave it out"):
        both.restore(image, pattern="RGGB")
    with pytest.raises(ValueError, match="takes sigma"):
        chain(models, "jpeg", "enlarge").restore(image, sigma=3)


def test_progress_rises_to_the_end(models):
    seen = []
    chain(models, "denoise", "jpeg").restore(
        random_image((64, 90, 3)),
        tile=32,
        overlap=4,
        progress=lambda done, total: seen.append(done / total),
    )
    assert seen == sorted(seen) and seen[-1] == 1 and len(set(seen)) > 6


def test_photos_keep_their_metadata(models, tmp_path):
    image = Image.fromarray(random_image((16, 24, 3), "uint8"))
    image.save(tmp_path / "a.jpg", dpi=(300, 300), quality=40)
    photo = chain(models, "jpeg", "enlarge").restore(tmp_path / "a.jpg")
    assert isinstance(photo, Photo) and photo.size == (48, 32)
    assert photo.dpi == (300, 300)
    # Its tables would bring the artifacts back.
    assert photo.jpeg is None


def test_transparency(models):
    image = random_image((16, 24, 4), "uint8")
    restored = chain(models, "denoise", "enlarge").restore(image)
    assert restored.shape == (32, 48, 4) and restored.dtype == np.uint8


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_mosaic_may_come_first(models, pattern):
    clean = random_image((24, 30, 3), "uint8")
    planes = Demosaic(pattern).degrade_benchmark(clean, 0)
    both = chain(models, "demosaic", "denoise")
    restored = both.restore(planes.max(-1), pattern=pattern)
    assert restored.shape == (24, 30, 3)
    np.testing.assert_array_equal(
        restored, both.restore(planes, pattern=pattern)
    )


def test_bad_chains(models):
    with pytest.raises(ValueError, match="got none"):
        RestorerChain([])
    with pytest.raises(ValueError, match="put demosaic first"):
        chain(models, "denoise", "demosaic")
    with pytest.raises(ValueError, match="one image at a time"):
        chain(models, "denoise", "jpeg").restore(random_image((2, 16, 16, 3)))
