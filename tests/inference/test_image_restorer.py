import io

import numpy as np
import pytest
from blur_restorer import Blur, blurred
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from testing import enliven, random_image

from kerasrestore import DANetMobile
from kerasrestore.inference.memory import process_bytes
from kerasrestore.photos import Photo


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_not_clipped(dtype):
    image = (random_image((9, 12, 3)) * 3 - 1).astype(dtype)
    found = Blur().restore(image)
    assert found.dtype == dtype
    tolerance = 2e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(found, blurred(image), atol=tolerance)
    assert found.max() > 1.2


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535)])
def test_whole_numbers_are_rounded(dtype, top):
    image = random_image((9, 12, 3), dtype)
    found = Blur().restore(image)
    assert found.dtype == dtype
    error = found.astype(float) - blurred(image)
    assert np.abs(error).max() <= 0.5 + top * 1e-6


def test_rounding_is_half_to_even():
    class Half(Blur):
        def restore_tile(self, tile, sigma):
            return tile + np.float32(0.5 / 255)

    image = np.arange(6, dtype="uint8").reshape(1, 2, 3)
    found = Half().restore(image)
    # In float32 on both sides, as every runtime has to do it.
    wanted = np.rint(
        (image.astype("float32") / np.float32(255) + np.float32(0.5 / 255))
        * np.float32(255)
    )
    np.testing.assert_array_equal(found, wanted)


def test_layouts():
    colour, gray = Blur(), Blur(channels=1)
    image = random_image((10, 13))
    flat = gray.restore(image)
    assert flat.shape == image.shape
    np.testing.assert_array_equal(gray.restore(image[..., None])[..., 0], flat)
    batch = random_image((3, 10, 13, 3))
    found = colour.restore(batch)
    for one, restored in zip(batch, found, strict=True):
        np.testing.assert_array_equal(colour.restore(one), restored)


def test_gray_images_in_colour_models_and_the_reverse():
    image = random_image((10, 13))
    wanted = blurred(image[..., None])[..., 0]
    np.testing.assert_allclose(Blur().restore(image), wanted, atol=1e-6)
    colour = random_image((10, 13, 3))
    np.testing.assert_allclose(
        Blur(channels=1).restore(colour), blurred(colour), atol=1e-6
    )


def test_pil_and_paths(tmp_path):
    array = random_image((10, 13, 4), "uint8")
    image = Image.fromarray(array)
    image.info["icc_profile"] = b"profile"
    found = Blur().restore(image)
    assert array[..., 3].min() == 0  # some pixels are hidden
    assert found.mode == "RGBA" and found.info["icc_profile"] == b"profile"
    np.testing.assert_array_equal(np.asarray(found)[..., 3], array[..., 3])
    np.testing.assert_array_equal(np.asarray(found), Blur().restore(array))
    path = tmp_path / "a.png"
    image.save(path)
    for file in (path, str(path), io.BytesIO(path.read_bytes())):
        np.testing.assert_array_equal(
            np.asarray(Blur().restore(file)), np.asarray(found)
        )


def test_a_file_keeps_what_it_tells(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    path = tmp_path / "a.jpg"
    image = Image.fromarray(random_image((10, 13, 3), "uint8"))
    image.save(path, exif=exif, icc_profile=b"profile")
    Blur().restore(path).save(tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as written:
        assert written.getexif()[0x010F] == "Camera"
        assert written.info["icc_profile"] == b"profile"


def test_sixteen_bits_keep_their_alpha(tmp_path):
    bands = random_image((10, 13, 4), "uint16")
    Photo(bands[..., :3], bands[..., 3]).save(tmp_path / "a.png")
    restored = Blur().restore(tmp_path / "a.png")
    np.testing.assert_array_equal(restored.alpha, bands[..., 3])
    restored.save(tmp_path / "b.png")
    np.testing.assert_array_equal(
        np.asarray(Photo.read(tmp_path / "b.png")), np.asarray(restored)
    )


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    photo = Photo(random_image((4, 5), "uint8"))
    photo.save("~/a.png")
    assert (tmp_path / "a.png").is_file()
    assert Blur(channels=1).restore("~/a.png").size == (5, 4)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(5, 40),
    st.integers(5, 40),
    st.integers(1, 2),
)
def test_any_tiles_give_the_pixels_of_the_whole(
    height, width, down, across, overlap
):
    image = random_image((height, width, 3))
    whole = Blur().restore(image, tile=None)
    tiled = Blur().restore(image, tile=(down, across), overlap=overlap)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)


@pytest.fixture(scope="module")
def network():
    return enliven(
        DANetMobile(
            widths=(8, 16),
            encoder_blocks=(1,),
            middle_blocks=1,
            decoder_blocks=(1,),
        )
    )


@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(0, 30),
    st.integers(0, 9),
)
def test_tiles_of_a_network(network, height, width, more, further):
    image = random_image((height, width, 3))
    overlap = network.halo + further
    # The overlap is rounded up to a multiple of 4.
    tile = 2 * (overlap + 3) + 4 + more
    np.testing.assert_allclose(
        network.restore(image, tile=tile, overlap=overlap),
        network.restore(image, tile=None),
        atol=1e-4,
    )


def test_less_overlap_is_faded(network):
    image = random_image((70, 80, 3))
    whole = network.restore(image)
    tiled = network.restore(image, tile=32, overlap=8)
    difference = np.abs(tiled - whole)
    assert 0 < difference.mean() < np.abs(whole - image).mean()


def test_ensemble_is_the_mean_of_eight(network):
    image = random_image((24, 24, 3))
    side = 24 + 2 * network.halo
    total = 0
    for turn in range(4):
        for mirror in (False, True):
            view = np.rot90(image, turn)
            view = view[:, ::-1] if mirror else view
            one = network.restore(np.ascontiguousarray(view), tile=side)
            one = one[:, ::-1] if mirror else one
            total = total + np.rot90(one, -turn)
    found = network.restore(image, tile=side, ensemble=True)
    np.testing.assert_allclose(found, total / 8, atol=1e-5)
    assert np.abs(found - network.restore(image)).max() > 1e-4
    # Any shape, also in tiles that are not square.
    assert network.restore(image[:17], ensemble=True).shape == (17, 24, 3)


def test_strength_of_blind_models():
    image = random_image((12, 14, 3))
    restored = Blur().restore(image)

    def at(strength):
        return Blur().restore(image, strength=strength)

    np.testing.assert_allclose(at(0.0), image, atol=1e-6)
    np.testing.assert_allclose(at(0.5), (image + restored) / 2, atol=1e-6)
    twice = Blur().restore(restored)
    np.testing.assert_allclose(at(2.0), twice, atol=1e-6)
    np.testing.assert_allclose(at(1.5), (restored + twice) / 2, atol=1e-6)


def test_strength_of_models_with_sigma():
    model = Blur(sigma_input=True)
    model.restore(random_image((4, 4, 3)), sigma=20, strength=1.5)
    assert model.sigma == 30
    model.restore(random_image((2, 4, 4, 3)), sigma=[10, 40])
    assert model.sigma == 40
    with pytest.raises(ValueError, match="one sigma or 2, got 3"):
        model.restore(random_image((2, 4, 4, 3)), sigma=[10, 20, 30])
    with pytest.raises(ValueError, match="One image takes one sigma"):
        model.restore(random_image((4, 4, 3)), sigma=[10])


def test_super_resolution():
    class Twice(Blur):
        scale = 2

        def restore_tile(self, tile, sigma):
            return tile.repeat(2, 1).repeat(2, 2)

    image = random_image((11, 13, 3))
    found = Twice().restore(image, tile=12)
    np.testing.assert_array_equal(found, image.repeat(2, 0).repeat(2, 1))
    with pytest.raises(ValueError, match="no strength"):
        Twice().restore(image, strength=0.5)


def test_fixed_tiles():
    model = Blur(fixed_tile=(16, 16))
    image = random_image((40, 21, 3))
    np.testing.assert_allclose(model.restore(image), blurred(image), atol=1e-6)
    assert set(model.tiles) == {(16, 16)}
    model.restore(image, tile=16)
    with pytest.raises(ValueError, match="fixed tile"):
        model.restore(image, tile=32)
    with pytest.raises(ValueError, match="square"):
        Blur(fixed_tile=(16, 20)).restore(image, ensemble=True)


def test_an_overlap_wider_than_the_usual_tile():
    # Just too long to be taken whole.
    image = random_image((1, 1100, 1))
    model = Blur(channels=1)
    for overlap in (508, 512, 600):
        np.testing.assert_allclose(
            model.restore(image, overlap=overlap), blurred(image), atol=1e-6
        )


def test_ensemble_stays_within_the_memory_limit():
    # A strip that fits as it is, while a square around it would not.
    image = random_image((30, 900, 3))
    model = Blur()
    room = 2 * model.memory_forecast(34, 904)
    limit = process_bytes() + image.nbytes + room
    model.restore(image, ensemble=True, memory_limit=limit)
    assert {height == width for height, width in model.tiles} == {True}
    assert model.memory_forecast(*max(model.tiles)) <= room * 1.5
    with pytest.raises(MemoryError, match="raise the limit"):
        model.restore(image, ensemble=True, tile=(34, 904), memory_limit=limit)


def test_progress_as_a_bar(capsys):
    image = random_image((20, 20, 3))
    found = Blur(fixed_tile=(16, 16)).restore(image, progress=True)
    np.testing.assert_allclose(found, blurred(image), atol=1e-6)
    # Standard output belongs to whoever calls.
    assert capsys.readouterr().out == ""


def test_progress_is_told():
    seen = []
    Blur(fixed_tile=(16, 16)).restore(
        random_image((20, 20, 3)), progress=lambda *now: seen.append(now)
    )
    assert seen == [(done, 4) for done in range(5)]


def test_tiles_follow_the_memory_limit():
    image = random_image((500, 600, 3), "uint8")
    model = Blur()
    room = 40_000_000
    limit = process_bytes() + image.nbytes + room
    found = model.restore(image, memory_limit=limit)
    height, width = model.tiles[0]
    # What the process holds moves a little between the two looks at it.
    assert 1000 * height * width <= room * 1.5
    assert height * width > room / 1000 / 8
    np.testing.assert_array_equal(found, Blur().restore(image))
    with pytest.raises(MemoryError, match="raise the limit"):
        model.restore(image, memory_limit="1MB")


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (random_image((4, 4, 5)), {}, "shape"),
        (random_image((4,)), {}, "shape"),
        (random_image((0, 4, 3)), {}, "at least one pixel"),
        (np.zeros((4, 4, 3), "int32"), {}, "int32"),
        (np.zeros((4, 4, 3), bool), {}, "bool"),
        (np.full((4, 4, 3), 200.0), {}, "white_level"),
        (np.full((4, 4, 3), np.nan), {}, "NaN or infinity in 48 of 48"),
        (random_image((4, 4, 3)), {"strength": 2.1}, "strength"),
        (random_image((4, 4, 3)), {"strength": float("nan")}, "strength"),
        (random_image((4, 4, 3)), {"strength": "strong"}, "strength"),
        (random_image((4, 4, 3)), {"strength": None}, "strength"),
        (random_image((4, 4, 3)), {"sigma": 10}, "takes no sigma"),
        (random_image((4, 4, 3)), {"tile": 0}, "tile must"),
        (random_image((4, 4, 3)), {"tile": "big"}, "tile must"),
        (random_image((4, 4, 3)), {"tile": (8, 8, 8)}, "tile must"),
        (random_image((4, 4, 3)), {"tile": (8, None)}, "tile must"),
        (random_image((4, 4, 3)), {"tile": float("nan")}, "tile must"),
        (random_image((4, 4, 3)), {"tile": float("inf")}, "tile must"),
        (random_image((4, 4, 3)), {"tile": 4, "overlap": 2}, "leaves nothing"),
        (random_image((4, 4, 3)), {"overlap": -1}, "overlap must"),
        (random_image((4, 4, 3)), {"overlap": "wide"}, "overlap must"),
        (random_image((4, 4, 3)), {"overlap": None}, "overlap must"),
        (random_image((4, 4, 3)), {"overlap": float("inf")}, "overlap must"),
        (random_image((4, 4, 3)), {"memory_limit": "much"}, "2GB"),
    ],
)
def test_bad_arguments(image, options, words):
    with pytest.raises(ValueError, match=words):
        Blur().restore(image, **options)


@pytest.mark.parametrize(
    "sigma", [-1, 300, float("nan"), "loud", {}, [[300] * 4] * 4, [5, None]]
)
def test_bad_sigma(sigma):
    with pytest.raises(ValueError, match="0 to 255"):
        Blur(sigma_input=True).restore(random_image((4, 4, 3)), sigma=sigma)
