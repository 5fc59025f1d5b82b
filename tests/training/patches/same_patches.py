"""Patches of the device beside those of NumPy, from the same drawn numbers."""

import numpy as np

from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution
from kerasrestore.training.patches.device_patches import DevicePatches

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
}


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


def compare(name, folder, steps=3):
    """Raises AssertionError if the patches of a case differ.

    Args:
        name: one of `CASES`.
        folder: folder of images.
        steps: number of batches.
    """
    import keras

    task, channels, side, distance, fraction = CASES[name]
    sampler = PatchSampler(
        folder, task, channels=channels, patch_size=side, batch_size=6, seed=7
    )
    device = DevicePatches(sampler)
    views = set()
    for step in range(steps):
        drawn = keras.tree.map_structure(
            np.asarray, device.draw(device.resident, step)
        )
        values = drawn.pop("task")
        found = device.batch(step)
        wanted = []
        for row in range(sampler.batch_size):
            place = {key: int(value[row]) for key, value in drawn.items()}
            views.add((place["turn"], place["mirror"]))
            wanted.append(
                sampler._cut(
                    sampler._arrays(place["image"]),
                    place["top"],
                    place["left"],
                    place["turn"],
                    bool(place["mirror"]),
                    Drawn({key: value[row] for key, value in values.items()}),
                )
            )
        degraded, clean, strength = map(np.stack, zip(*wanted, strict=True))
        # A division may be compiled as a product with the inverse.
        np.testing.assert_allclose(found[1], clean, atol=1e-7)
        np.testing.assert_allclose(found[2], strength, rtol=1e-6)
        assert found[0].shape == degraded.shape
        assert found[0].dtype == np.float32
        difference = np.abs(found[0] - degraded)
        assert (difference > distance).mean() <= fraction, difference.max()
        # Where rounding decides, by one level of 8 bits; JPEG spreads it over
        # its block.
        assert difference.max() < (6 if task.name == "jpeg" else 1.01) / 255
    assert len(views) > 4
