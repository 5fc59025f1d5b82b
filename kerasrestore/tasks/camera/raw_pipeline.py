"""Conversion of photographs to linear raw data and back."""

import functools

import numpy as np

# XYZ-to-camera matrices of four cameras, from Brooks et al.
XYZ_TO_CAMERA = np.array(
    [
        [
            [1.0234, -0.2969, -0.2266],
            [-0.5625, 1.6328, -0.0469],
            [-0.0703, 0.2188, 0.6406],
        ],
        [
            [0.4913, -0.0541, -0.0202],
            [-0.6130, 1.3513, 0.2906],
            [-0.1564, 0.2151, 0.7183],
        ],
        [
            [0.8380, -0.2630, -0.0639],
            [-0.2887, 1.0725, 0.2496],
            [-0.0627, 0.1427, 0.5438],
        ],
        [
            [0.6596, -0.2079, -0.0562],
            [-0.4782, 1.3016, 0.1933],
            [-0.0970, 0.1581, 0.5181],
        ],
    ]
)
SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
GAMMA = 2.2
# Size of the lookup tables for gamma and tone curve. Development is indexed by
# the square root of the linear value, in which it is nearly a straight line, so
# that an entry spans about a thirtieth of an 8-bit level.
ENTRIES = 4096


class RawPipeline:
    """A camera pipeline with random colour matrix, gains and tone curve.

    Args:
        rng: `numpy.random.Generator`.

    Example:
    >>> pipeline = RawPipeline(np.random.default_rng(0))
    >>> image = np.full((4, 4, 3), 0.4, "float32")
    >>> again = pipeline.develop(pipeline.unprocess(image))
    >>> bool(np.abs(again - image).max() < 1e-3)
    True

    References:
        Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR
        2019, section 3, including the constants.
    """

    def __init__(self, rng):
        weights = rng.random(len(XYZ_TO_CAMERA))
        mixed = np.tensordot(weights / weights.sum(), XYZ_TO_CAMERA, 1)
        to_camera = mixed @ SRGB_TO_XYZ
        to_camera /= to_camera.sum(axis=1, keepdims=True)
        self.to_camera = to_camera.T.astype(np.float32)
        self.from_camera = np.linalg.inv(to_camera).T.astype(np.float32)
        brightness = 1 / rng.normal(0.8, 0.1)
        red, blue = rng.uniform(1.9, 2.4), rng.uniform(1.5, 1.9)
        self.gains = np.float32([red, 1.0, blue]) * np.float32(brightness)
        self.curved = bool(rng.random() < 0.7)

    def unprocess(self, image):
        """Converts a photograph to the linear image on the sensor.

        Args:
            image: float32 array `(H, W, 3)` in [0, 1].

        Returns:
            float32 array `(H, W, 3)` in [0, 1], camera colours.
        """
        table = tables(self.curved)[0]
        linear = table[_entries(image)] @ self.to_camera
        # Highlights keep their brightness: divided by the gains, white would
        # become gray, as if the sensor had never saturated.
        gray = linear.mean(axis=-1, keepdims=True)
        mask = np.square(np.maximum(gray - np.float32(0.9), 0) * np.float32(10))
        safe = np.maximum(mask + (1 - mask) / self.gains, 1 / self.gains)
        return np.clip(linear * safe, 0, 1, dtype=np.float32)

    def develop(self, linear):
        """Develops a linear image to a photograph.

        Args:
            linear: float32 array `(H, W, 3)`, camera colours.

        Returns:
            float32 array `(H, W, 3)` in [0, 1].
        """
        table = tables(self.curved)[1]
        balanced = np.clip(linear * self.gains, 0, 1)
        return table[
            _entries(np.sqrt(np.clip(balanced @ self.from_camera, 0, 1)))
        ]


def _entries(values):
    """Lookup-table indices of values in [0, 1]."""
    return (values * np.float32(ENTRIES - 1) + np.float32(0.5)).astype(np.int32)


@functools.cache
def tables(curved):
    """Lookup tables: photograph to linear, and its root to photograph."""
    position = np.linspace(0.0, 1.0, ENTRIES)
    toned, bent = position, np.square(position) ** (1 / GAMMA)
    if curved:
        toned = 0.5 - np.sin(np.arcsin(1 - 2 * position) / 3)
        bent = 3 * bent**2 - 2 * bent**3
    return (toned**GAMMA).astype(np.float32), bent.astype(np.float32)
