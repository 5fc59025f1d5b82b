import numpy as np
import pytest
from PIL import Image
from testing import ROOT, image_folder, random_image, run_python
from training.many_steps import compare as compare_runs
from training.patches import short_banks
from training.patches.same_patches import compare

from kerasrestore.data import PatchSampler, RecordPatchSampler
from kerasrestore.data.pairs import ImagePair
from kerasrestore.data.records.records import write_records
from kerasrestore.tasks import Denoise, Jpeg, SuperResolution
from kerasrestore.training.patches import device_patches, streamed_banks
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.patches.streamed_banks import StreamedBanks

CASES = ("gaussian", "jpeg", "x3", "shrunk", "shrunk_x2")
SIZE = 600_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images that are cut into several regions, and a small one."""
    folder = tmp_path_factory.mktemp("large")
    for index, size in enumerate(((231, 150), (70, 260), (66, 68))):
        image = Image.fromarray(random_image((*size, 3), "uint8", seed=index))
        image.save(folder / f"{index}.png")
    return folder


def sampler(folder, task=None, **options):
    options = {"patch_size": 16, "batch_size": 4, **options}
    return PatchSampler(folder, task or Denoise((0, 55)), **options)


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_give_the_patches_of_numpy(folder, name):
    compare(name, folder, steps=2, bank_bytes=SIZE)


JAX = """
import sys
from pathlib import Path
sys.modules["tensorflow"] = None  # any import of it fails
folder, out, tests = sys.argv[1:]
sys.path.insert(0, tests)
from testing import image_folder
from training.many_steps import compare as compare_runs
from training.patches import short_banks
from training.patches.same_patches import compare
compare("x3", folder, steps=2, bank_bytes=600_000)
compare("shrunk", folder, steps=2, bank_bytes=600_000)
small = image_folder(Path(out) / "images", 3, (40, 48))
with short_banks.short_banks():
    compare_runs(small, out, device=True, bank=short_banks.SIZE)
"""


def test_patches_and_runs_with_jax(folder, tmp_path):
    words = (folder, tmp_path, ROOT / "tests")
    run_python(JAX, *words, KERAS_BACKEND="jax")


def test_runs_that_are_killed_between_two_banks_and_within_one(tmp_path):
    small = image_folder(tmp_path / "images", 3, (40, 48))
    with short_banks.short_banks():
        compare_runs(small, tmp_path, device=True, bank=short_banks.SIZE)


def test_a_batch_depends_on_seed_and_step_alone(folder):
    with short_banks.short_banks(batch_size=4):
        one, two = (
            DevicePatches(sampler(folder), short_banks.SIZE) for _ in range(2)
        )
        assert [one.until(step) for step in (0, 2, 3)] == [3, 3, 6]
        assert one.resident(0) is one.resident(2)
        before = one.resident(2)["pixels"]
        assert not np.array_equal(before, one.resident(3)["pixels"])
        forth = [one.batch(step) for step in range(7)]
        back = [two.batch(step) for step in reversed(range(7))][::-1]
        for pair in zip(forth, back, strict=True):
            for found, wanted in zip(*pair, strict=True):
                np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "task", [Denoise(25), Jpeg(10), SuperResolution(3)], ids=lambda t: t.name
)
def test_every_place_of_an_image_is_as_likely(folder, task):
    patches = DevicePatches(sampler(folder, task, patch_size=18), SIZE)
    banks, places = patches._banks, patches.places
    sizes = [patches.sampler.shape(index)[:2] for index in range(3)]
    images = np.zeros(3)
    likely = [[np.zeros(side) for side in size] for size in sizes]
    count = 400
    for number in range(count):
        drawn = banks.draw(number)
        images += np.bincount(drawn["image"], minlength=3)
        for row, image in enumerate(drawn["image"]):
            for axis, names in enumerate(
                (("y", "top", "rows"), ("x", "left", "columns"))
            ):
                start, first, held = (drawn[name][row] for name in names)
                begin = start + first
                end = begin + held * places.step
                likely[image][axis][begin : end : places.step] += 1 / held
    total = count * banks.regions
    assert np.abs(images - total / 3).max() < 5 * np.sqrt(total * 2 / 9)
    for size, image in zip(sizes, likely, strict=True):
        for side, found in zip(size, image, strict=True):
            begin, number = places.in_image(
                side // places.period * places.period
            )
            used = np.zeros(side, bool)
            used[begin : begin + number * places.step : places.step] = True
            assert len(found[used]) == number
            assert (found[~used] == 0).all()
            # A cell is drawn a few thousand times.
            share = found[used] / found.sum() * number
            assert np.abs(share - 1).max() < 0.2


def test_records_are_streamed_as_files_are(folder, tmp_path):
    pairs = [ImagePair(f.stem, None, f) for f in sorted(folder.iterdir())]
    records = write_records("large", pairs, tmp_path)
    options = {"patch_size": 16, "batch_size": 4, "scales": (0.4, 1.0)}
    task = Denoise((0, 55))
    one = DevicePatches(RecordPatchSampler(records, task, **options), SIZE)
    two = DevicePatches(PatchSampler(folder, task, **options), SIZE)
    for found, wanted in zip(one.batch(3), two.batch(3), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_large_sets_are_streamed_unless_told_otherwise(folder, monkeypatch):
    monkeypatch.setattr(device_patches, "MOST_PIXELS", 50_000)
    monkeypatch.setattr(device_patches, "DEFAULT_BANK", SIZE)
    assert DevicePatches(sampler(folder))._banks.regions == SIZE // (111**2 * 3)
    whole = DevicePatches(sampler(folder), 0)
    assert len(whole.resident(0)["start"]) == 3
    monkeypatch.setattr(device_patches, "MOST_PIXELS", 10**6)
    assert len(DevicePatches(sampler(folder)).resident(0)["start"]) == 3


def test_steps_are_round_and_use_a_region_several_times(folder):
    size = 500 * 111**2 * 3
    banks = DevicePatches(sampler(folder), size)._banks
    assert banks.regions == 500
    assert banks.steps == 500 * StreamedBanks.PATCHES / 4 == 1000


def test_bad_sizes_and_images(folder, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="regions of 111x111 it takes"):
        DevicePatches(sampler(folder), 1000)
    broken = image_folder(tmp_path / "in", 2, (40, 48))
    file = sorted(broken.iterdir())[0]
    file.write_bytes(file.read_bytes()[:-900])
    patches = DevicePatches(sampler(broken), SIZE)
    for _ in range(2):
        with pytest.raises(ValueError, match=f"{file.name} cannot be read"):
            patches.batch(0)
    monkeypatch.setattr(streamed_banks, "free_bytes", lambda: SIZE)
    with pytest.raises(ValueError, match="more than half of the free memory"):
        DevicePatches(sampler(folder), SIZE)


DEVICES = """
import os, sys
folder, out, tests = sys.argv[1:]
sys.path.insert(0, tests)
if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )
import keras
import numpy as np
from training.patches import short_banks
from training.small_training import small_model, train
from kerasrestore.training import open_distribution

weights = []
for strategy in ("none", "auto"):
    distribution = open_distribution(strategy)
    print(distribution.replicas, "replicas")
    keras.utils.set_random_seed(0)
    with distribution.scope():
        model = small_model()
    with short_banks.short_banks():
        train(
            folder,
            out + "/" + strategy,
            model,
            device=True,
            bank=short_banks.SIZE,
            distribution=distribution,
            steps=8,
            validate_every=4,
            steps_per_execution=2,
        )
    weights.append(model.get_weights())
for one, two in zip(*weights):
    np.testing.assert_allclose(two, one, atol=1e-4)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_several_devices_hold_the_same_banks(tmp_path, backend):
    small = image_folder(tmp_path / "images", 3, (40, 48))
    flags = "--xla_force_host_platform_device_count=2"
    printed = run_python(
        DEVICES,
        small,
        tmp_path,
        ROOT / "tests",
        KERAS_BACKEND=backend,
        XLA_FLAGS=flags,
    )
    assert "1 replicas\n2 replicas" in printed


END = """
import sys, time
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training.patches.device_patches import DevicePatches

class Slow(PatchSampler):
    seconds = 0

    def window(self, *place):
        time.sleep(self.seconds)
        print("read", flush=True)
        return super().window(*place)

sampler = Slow(sys.argv[1], Denoise(25), patch_size=16)
patches = DevicePatches(sampler, 4_000_000)
patches.batch(0)
sampler.seconds = 0.1
patches.resident(0)
print("ended", patches._banks.regions)
"""


def test_the_end_of_a_process_does_not_wait_for_a_bank(folder):
    printed = run_python(END, folder)
    assert "ended 108" in printed
    # Two threads print, so two words may share a line.
    assert 108 <= printed.count("read") < 2 * 108
