"""Patches of the device beside those of NumPy, from the same drawn numbers."""

import numpy as np

from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.patches.streamed_banks import StreamedBanks

# Task, channels, side of a patch, and the distance within which all values
# agree but for the given fraction, where rounding goes the other way.
CASES = {
    "gaussian": (Denoise((5, 50)), 3, 16, 1e-6, 0),
    "gaussian_8_bits": (Denoise(25, quantize=True), 1, 16, 1e-6, 0.001),
    "mosaic": (Demosaic("RGGB"), 3, 16, 1e-6, 0),
    "jpeg": (Jpeg((10, 90)), 3, 24, 1e-6, 0.01),
    "jpeg_gray": (Jpeg(30), 1, 21, 1e-6, 0.01),
    "x2": (SuperResolution(2), 3, 16, 1e-6, 0.005),
    "x3": (SuperResolution(3), 3, 18, 1e-6, 0.005),
    "x234": (
        SuperResolution((2, 3, 4), pre_upsampled=True, quantize=False),
        1,
        17,
        1e-5,
        0,
    ),
    "shrunk": (Denoise((5, 50)), 3, 16, 1e-6, 0.005),
    "shrunk_mosaic": (Demosaic("RGGB"), 3, 18, 1e-6, 0.005),
    "shrunk_jpeg": (Jpeg((10, 90)), 3, 24, 1e-6, 0.03),
    "shrunk_x2": (SuperResolution(2), 3, 16, 1e-6, 0.01),
    "shrunk_x3": (SuperResolution(3), 1, 12, 1e-6, 0.01),
    "shrunk_x23": (
        SuperResolution((2, 3), pre_upsampled=True, quantize=False),
        1,
        17,
        1e-5,
        0.01,
    ),
}
# Scales other than (1, 1).
SCALES = {
    "shrunk": (0.3, 1.0),
    "shrunk_mosaic": (0.5, 0.5),
    "shrunk_jpeg": (0.5, 0.9),
    "shrunk_x2": (0.4, 1.0),
    "shrunk_x3": (0.25, 0.5),
    "shrunk_x23": (0.7, 1.0),
}


class DrawnWindow:
    """A generator that gives the window that was drawn to be shrunk."""

    def __init__(self, window):
        self.factor = window["factor"]
        self.first = [window["left"], window["top"]]

    def uniform(self, low, high):
        # Of small images, the factor is limited to what holds a patch with
        # its surroundings.
        assert low - 1e-6 <= self.factor <= 1
        return self.factor

    def integers(self, count):
        first = int(self.first.pop())
        assert 0 <= first < count
        return first


class Drawn:
    """A generator of NumPy's kind that gives what was drawn for a patch."""

    def __init__(self, values):
        self.values = values

    def uniform(self, low, high):
        return self._within("sigma", low, high)

    def standard_normal(self, shape, dtype):
        noise = self.values["noise"]
        assert noise.shape == shape and noise.dtype == dtype
        return noise

    def integers(self, low, high=None):
        if high is None:
            return int(self._within("index", 0, low - 1))
        return self._within("quality", low, high - 1)

    def _within(self, name, low, high):
        assert low <= self.values[name] <= high
        return self.values[name]


def compare(name, folder, steps=3, bank_bytes=None):
    """Raises AssertionError if the patches of a case differ.

    Args:
        name: one of `CASES`.
        folder: folder of images.
        steps: number of batches.
        bank_bytes: as in `DevicePatches`.
    """
    import keras

    task, channels, side, distance, fraction = CASES[name]
    sampler = PatchSampler(
        folder,
        task,
        channels=channels,
        patch_size=side,
        batch_size=6,
        seed=7,
        scales=SCALES.get(name, (1.0, 1.0)),
    )
    device = DevicePatches(sampler, bank_bytes)
    views = set()
    for step in range(steps):
        drawn = keras.tree.map_structure(
            np.asarray, device.draw(device.resident(step), step)
        )
        values, window = drawn.pop("task"), drawn.pop("window", None)
        found = device.batch(step)
        images = _images(device, step)
        wanted = []
        for row in range(sampler.batch_size):
            place = {key: int(value[row]) for key, value in drawn.items()}
            views.add((place["turn"], place["mirror"]))
            if window is None:
                arrays = (images(place["image"]),)
            else:
                one = {key: value[row] for key, value in window.items()}
                arrays = (images(int(one["image"])),)
                arrays = sampler._scaled(arrays, DrawnWindow(one))
                sides = one["new_height"], one["new_width"]
                assert arrays[0].shape[:2] == sides
            wanted.append(
                sampler._cut(
                    arrays,
                    place["top"],
                    place["left"],
                    place["turn"],
                    bool(place["mirror"]),
                    Drawn({key: value[row] for key, value in values.items()}),
                )
            )
        degraded, clean, strength = map(np.stack, zip(*wanted, strict=True))
        if window is None:
            # A division may be compiled as a product with the inverse.
            np.testing.assert_allclose(found[1], clean, atol=1e-7)
        else:
            # Weights like 1/2 and 1/4 make ties, which Pillow's weights of 22
            # bits decide.
            off = np.abs(found[1] - clean)
            assert off.max() < 1.01 / 255
            assert (off > 1e-6).mean() < 0.005
        np.testing.assert_allclose(found[2], strength, rtol=1e-6)
        assert found[0].shape == degraded.shape
        assert found[0].dtype == np.float32
        difference = np.abs(found[0] - degraded)
        assert (difference > distance).mean() <= fraction, difference.max()
        # Where rounding decides, by one level of 8 bits; JPEG spreads it over
        # its block.
        assert difference.max() < (6 if task.name == "jpeg" else 1.01) / 255
    assert len(views) > 4


def _images(device, step):
    """Function from numbers in the bank of a step to images."""
    banks, sampler = device._banks, device.sampler
    if not isinstance(banks, StreamedBanks):
        return sampler.image
    drawn = banks.draw(step // banks.steps)

    def region(number):
        one = {name: int(values[number]) for name, values in drawn.items()}
        rows = slice(one["y"], one["y"] + one["height"])
        columns = slice(one["x"], one["x"] + one["width"])
        return sampler.image(one["image"])[rows, columns]

    return region
