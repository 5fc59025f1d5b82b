from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import product

import numpy as np
import pytest
import tensorflow_datasets as tfds
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tensorflow_datasets.core import shuffle
from testing import random_image, run_python

from kerasrestore.data import PairSampler, PatchSampler, folder_pairs
from kerasrestore.data.pairs import ImagePair
from kerasrestore.data.records.record_pair_sampler import RecordPairSampler
from kerasrestore.data.records.record_patch_sampler import RecordPatchSampler
from kerasrestore.data.records.records import open_records, write_records
from kerasrestore.data.records.tfds_builders import RestorationTiles
from kerasrestore.data.source_pairs import source_pairs
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution
from kerasrestore.training.patches.host_patches import HostPatches

# One tile and less, several, one row of them; and a gray file.
SHAPES = [(150, 211, 3), (96, 192, 3), (230, 97), (64, 70, 3)]


def save(folder, shapes=SHAPES, seed=0):
    folder.mkdir(parents=True)
    for number, shape in enumerate(shapes):
        image = random_image(shape, "uint8", seed + number)
        Image.fromarray(image).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return save(tmp_path_factory.mktemp("images") / "in")


@pytest.fixture(scope="module")
def records(files):
    pairs = [ImagePair(file.stem, None, file) for file in files]
    return write_records("mine", pairs, files[0].parents[1])


def paired(path, scale, shapes=((120, 240), (180, 180))):
    """Pairs of which the low-quality image is the smaller one."""
    save(path / "high", [(*shape, 3) for shape in shapes])
    save(path / "low", [(h // scale, w // scale, 3) for h, w in shapes], 9)
    return folder_pairs(path / "low", path / "high")


def assert_equal(one, two, steps=4):
    for step in range(steps):
        for a, b in zip(one.batch(step), two.batch(step), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


TASKS = [
    Denoise((0, 55)),
    Jpeg((10, 90)),
    SuperResolution(2),
    SuperResolution(3),
    SuperResolution(4),
    SuperResolution((2, 3), pre_upsampled=True, quantize=False),
]


@pytest.mark.parametrize(
    ("task", "channels"),
    [*product(TASKS, (1, 3)), (Demosaic(), 3)],
    ids=lambda value: getattr(value, "name", value),
)
def test_patches_are_those_of_the_files(files, records, task, channels):
    options = {
        "channels": channels,
        "patch_size": 24,
        "batch_size": 12,
        "seed": 5,
    }
    one = RecordPatchSampler(records, task, **options)
    assert_equal(one, PatchSampler(files, task, **options))


def test_crops_with_the_most_texture_are_those_of_the_files(files, records):
    options = {"patch_size": 24, "scales": (0.5, 1.0), "crops": 3, "seed": 5}
    one = RecordPatchSampler(records, Denoise(25), **options)
    assert_equal(one, PatchSampler(files, Denoise(25), **options))


def test_patches_larger_than_a_tile(files, tmp_path):
    pairs = [ImagePair(file.stem, None, file) for file in files[:1]]
    records = write_records("large", pairs, tmp_path)
    options = {"patch_size": 140, "batch_size": 6}
    one = RecordPatchSampler(records, Denoise(25), **options)
    assert_equal(one, PatchSampler(files[:1], Denoise(25), **options))


def test_images_and_names(files, records):
    sampler = RecordPatchSampler(records, SuperResolution(4), patch_size=32)
    whole = PatchSampler(files, SuperResolution(4), patch_size=32)
    assert len(records) == 4 and records.names == ["0", "1", "2", "3"]
    for index in range(4):
        np.testing.assert_array_equal(sampler.image(index), whole.image(index))
    assert sampler._cached_bytes == 0
    sampler = RecordPatchSampler(records, Denoise(25), patch_size=65)
    with pytest.raises(
        ValueError, match="3 is 70x64, smaller than the patch size"
    ):
        for step in range(20):
            sampler.batch(step)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_windows(files, records, data):
    index = data.draw(st.integers(0, len(files) - 1))
    with Image.open(files[index]) as image:
        wanted = np.asarray(image.convert("RGB"))
    edges = [
        sorted(
            data.draw(
                st.lists(
                    st.integers(0, side), min_size=2, max_size=2, unique=True
                )
            )
        )
        for side in wanted.shape[:2]
    ]
    window = tuple(slice(*edge) for edge in edges)
    np.testing.assert_array_equal(records.image(index)[window], wanted[window])


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_pairs_are_those_of_the_files(tmp_path, scale, channels):
    pairs = paired(tmp_path, scale)
    records = write_records("pairs", pairs, tmp_path)
    options = {
        "scale": scale,
        "channels": channels,
        "patch_size": 12 * scale,
        "batch_size": 8,
    }
    one = RecordPairSampler(records, **options)
    assert_equal(one, PairSampler(pairs, **options))
    low = records.image(1, "degraded", channels)[3:20, 11:40]
    wanted = pairs[1].load_degraded(channels)[3:20, 11:40]
    np.testing.assert_array_equal(low, wanted)
    with pytest.raises(ValueError, match="not 7 times as large"):
        RecordPairSampler(records, scale=7, patch_size=28).batch(0)


def test_a_pair_is_read_once(tmp_path, monkeypatch):
    records = write_records("pairs", paired(tmp_path, 2), tmp_path)
    monkeypatch.setattr(records, "_source", Counted(records._source))
    RecordPairSampler(records, scale=2, patch_size=4, batch_size=20).batch(0)
    assert 20 <= records._source.reads <= 30


class Counted:
    """A source that counts how often it is read."""

    def __init__(self, source):
        self.source = source
        self.reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return self.source[index]


def test_threads(records):
    sampler = RecordPatchSampler(records, Denoise(25), patch_size=48)
    alone = [sampler.batch(step) for step in range(12)]
    with ThreadPoolExecutor(4) as pool:
        for one, two in zip(
            alone, pool.map(sampler.batch, range(12)), strict=True
        ):
            assert all(map(np.array_equal, one, two))
    with closing(HostPatches(sampler, 12)) as patches:
        for start, stop in ((3, 4), (4, 9), (9, 12)):
            chunk = patches.chunk(start, stop)
            for place, step in enumerate(range(start, stop)):
                for array, wanted in zip(chunk, alone[step], strict=True):
                    np.testing.assert_array_equal(array[place], wanted)


def test_every_place_is_as_likely(tmp_path):
    # Patches of 90 pixels in 99: of the ten places along an axis one alone
    # lies on a single tile.
    levels = np.arange(99, dtype="uint8")
    image = np.stack([*np.meshgrid(levels, levels), np.zeros((99, 99))], -1)
    Image.fromarray(image.astype("uint8")).save(tmp_path / "a.png")
    pair = ImagePair("a", None, tmp_path / "a.png")
    records = write_records("places", [pair], tmp_path)
    sampler = RecordPatchSampler(
        records, Denoise(0), patch_size=90, batch_size=1000
    )
    clean = np.rint(sampler.batch(0)[1] * 255)
    counts = np.zeros((10, 10))
    for patch in clean:
        left, top, _ = patch.min((0, 1)).astype(int)
        counts[top, left] += 1
    # Chi-squared with 99 degrees of freedom: one in 10,000 is above 158.
    assert ((counts - 10) ** 2 / 10).sum() < 158


def test_order_survives_buckets_and_shards(tmp_path, monkeypatch):
    files = save(tmp_path / "Set5", [(200, 210, 3)] * 5)
    # As TFDS does with more records than fit into its memory.
    monkeypatch.setattr(shuffle, "MAX_MEM_BUFFER_SIZE", 100_000)
    builder = RestorationTiles(
        config="Set5_test", data_dir=tmp_path, file_format="array_record"
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=tmp_path, num_shards=4
        )
    )
    assert len(list(builder.data_path.glob("*array_record*"))) == 4
    records = open_records("Set5_test", tmp_path)
    for index, file in enumerate(files):
        with Image.open(file) as image:
            np.testing.assert_array_equal(
                records.image(index)[:, :], np.asarray(image)
            )


class LikeDiv2k(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Whole images under the names that TFDS' own div2k gives them."""

    VERSION = tfds.core.Version("2.0.0")
    PAIRS = ()

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {"lr": tfds.features.Image(), "hr": tfds.features.Image()}
            ),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for pair in self.PAIRS:
            yield pair.name, {"lr": pair.degraded, "hr": pair.clean}


def test_whole_images_of_tfds(tmp_path, monkeypatch):
    pairs = paired(tmp_path, 2)
    monkeypatch.setattr(LikeDiv2k, "PAIRS", pairs)
    builder = LikeDiv2k(data_dir=tmp_path, file_format="array_record")
    builder.download_and_prepare()
    source = builder.as_data_source("train")
    found = source_pairs(source)
    records = write_records("div2k_x2", found, tmp_path)
    assert records.names == ["0000", "0001"]
    options = {"scale": 2, "patch_size": 24, "batch_size": 5}
    one = RecordPairSampler(records, **options)
    assert_equal(one, PairSampler(found, **options))
    # TFDS shuffles its own.
    wanted = {pair.load_clean().tobytes() for pair in pairs}
    whole = {
        records.image(index)[:, :].tobytes() for index in range(len(records))
    }
    assert whole == wanted
    clean = write_records("hr", source_pairs(source, degraded=None), tmp_path)
    assert clean.roles == ("clean",)
    with pytest.raises(ValueError, match=r"features hr, lr, got 'image'"):
        source_pairs(source, clean="image")
    with pytest.raises(ValueError, match="empty"):
        source_pairs([])


def test_gray_images_of_tfds(tmp_path):
    gray = random_image((40, 30, 1), "uint8")
    (pair,) = source_pairs([{"image": gray}], None, "image")
    np.testing.assert_array_equal(pair.load_clean(), gray.repeat(3, -1))


def test_roles(records, tmp_path):
    with pytest.raises(
        ValueError, match="contains only clean images, got 'deg"
    ):
        RecordPairSampler(records)
    pair = ImagePair("a", save(tmp_path / "noisy", [(40, 40, 3)])[0], None)
    degraded = write_records("noisy", [pair], tmp_path)
    with pytest.raises(ValueError, match="contains only degraded images"):
        RecordPatchSampler(degraded, Denoise(25))
    with pytest.raises(ValueError, match="channels must be 1 or 3, got 2"):
        records.image(0, channels=2)


def test_pairs_that_cannot_be_written(tmp_path):
    pairs = paired(tmp_path, 2)
    with pytest.raises(ValueError, match="No images to write"):
        write_records("mine", [], tmp_path)
    with pytest.raises(ValueError, match="No images to write"):
        write_records("mine", [ImagePair("empty")], tmp_path)
    with pytest.raises(
        ValueError, match=r"may contain letters, .* got '\.\./mine'"
    ):
        write_records("../mine", pairs, tmp_path)
    with pytest.raises(ValueError, match="reserved for a published dataset"):
        write_records("DIV2K_train", pairs, tmp_path)
    alone = ImagePair("alone", None, pairs[0].clean)
    with pytest.raises(ValueError, match="alone has clean images, expected"):
        write_records("mine", [*pairs, alone], tmp_path)
    with pytest.raises(ValueError, match="0 has clean and degraded images"):
        write_records("mine", [alone, *pairs], tmp_path)
    floats = source_pairs([{"hr": np.zeros((9, 9, 3), "f4")}], degraded=None)
    with pytest.raises(
        ValueError, match="0000 is an image of type float32, but rec"
    ):
        write_records("mine", floats, tmp_path)
    small = ImagePair("odd", pairs[1].degraded, pairs[0].clean)
    with pytest.raises(ValueError, match="odd: the low-quality image"):
        write_records("mine", [*pairs, small], tmp_path)
    pairs[1].clean.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"1\.png cannot be read"):
        write_records("mine", pairs, tmp_path)
    # Nothing is left of what failed.
    assert not (tmp_path / "restoration_tiles/mine/1.0.0").exists()
    write_records("mine", pairs[:1], tmp_path)
    with pytest.raises(ValueError, match="already exists"):
        write_records("mine", pairs[:1], tmp_path)
    with pytest.raises(ValueError, match="contains no records"):
        open_records("yours", tmp_path)


def test_reading_without_tensorflow(records):
    code = f"""
import sys
from kerasrestore.data.records.records import Records
from kerasrestore.data.records.record_patch_sampler import RecordPatchSampler
from kerasrestore.tasks import Denoise
records = Records({str(records.path)!r})
print(RecordPatchSampler(records, Denoise(25)).batch(0)[0].shape)
print("tensorflow" in sys.modules)
"""
    assert run_python(code, KERAS_BACKEND="jax").split("\n")[:2] == [
        "(16, 64, 64, 3)",
        "False",
    ]


@pytest.mark.parametrize("package", ["tensorflow_datasets", "array_record"])
def test_packages_that_are_not_there(tmp_path, package):
    code = f"""
import sys
sys.modules[{package!r}] = None
from kerasrestore.data.pairs import ImagePair
from kerasrestore.data.records.records import open_records, write_records
for attempt in (
    lambda: write_records("a", [ImagePair("a", None, "a.png")], "."),
    lambda: open_records("a", "."),
):
    try:
        attempt()
    except ValueError as error:
        print(error)
"""
    message = run_python(code)
    assert message.count('pip install "kerasrestore[train]"') == 2
