"""All that is random in the noise of a batch, drawn at once."""

import keras
from keras import ops

# Uniform numbers in [0, 1) of each image; the numbered ones are one for each
# channel, camera or pass of JPEG.
UNIFORM = (
    *("kind", "gray_photo", "to_8_bits", "as_jpeg", "level", "film_kind"),
    *("film_blurred", "film_blur", "toned"),
    *(f"{name}{n}" for name in ("low", "high", "power") for n in range(3)),
    *("shrunk", "factor", "denoising", "red", "blue", "curved"),
    *(f"weight{n}" for n in range(4)),
    *("demosaic", "phase", "shot", "rows", "row_share"),
    *("luma_blur", "blotches", "ratio"),
    *("filtered", "blurred", "filter_sigma", "amount", "twice"),
    *(
        f"{name}{n}"
        for name in ("top", "left", "subsampling", "range", "quality")
        for n in range(2)
    ),
)
# Standard normal numbers.
NORMAL = ("brightness", "read", "chroma_level")
# Largest factor by which a photograph is simulated at a larger size.
LARGEST = 2.5


def canvas_side(side):
    """Side of the largest photograph that is simulated for an image."""
    return round(side * LARGEST) + 1


def draw(shape, seed):
    """Draws the random numbers of a batch.

    Args:
        shape: `(batch, side, side, channels)`.
        seed: as in `keras.random`.

    Returns:
        Dictionary of tensors `(batch, ...)`: `"uniform"`, `"normal"`, in the
        order of the names above; `"noise"` of the pixels; `"row_noise"`;
        `"mix"`, a matrix of the channels.
    """
    count, side = shape[0], canvas_side(shape[1])

    def next_seed(number):
        return seed + number if isinstance(seed, int) else seed

    def normal(number, *shape):
        return keras.random.normal((count, *shape), seed=next_seed(number))

    return {
        "uniform": keras.random.uniform(
            (count, len(UNIFORM)), seed=next_seed(0)
        ),
        "normal": normal(1, len(NORMAL)),
        "noise": normal(2, side, side, 3),
        "row_noise": normal(3, side, 1, 1),
        "mix": normal(4, 3, 3),
    }


class Draws:
    """Random numbers by name, with the distributions of NumPy's generator.

    All results have the shape `(batch, 1, 1, 1)`, to be combined with images.

    Args:
        drawn: from `draw`.
    """

    def __init__(self, drawn):
        self.drawn = drawn

    def random(self, name):
        column = self.drawn["uniform"][:, UNIFORM.index(name)]
        return ops.reshape(column, (-1, 1, 1, 1))

    def happens(self, name, share):
        return self.random(name) < share

    def uniform(self, name, low, high):
        return low + (high - low) * self.random(name)

    def triple(self, name, low, high):
        """One number for each channel, `(batch, 1, 1, 3)`."""
        return ops.concatenate(
            [self.uniform(f"{name}{n}", low, high) for n in range(3)], axis=-1
        )

    def normal(self, name, mean, deviation):
        column = self.drawn["normal"][:, NORMAL.index(name)]
        return mean + deviation * ops.reshape(column, (-1, 1, 1, 1))

    def choice(self, name, shares):
        """Index of one of several possibilities, int32."""
        value, index, total = self.random(name), 0, 0.0
        for share in shares[:-1]:
            total += share
            index = index + ops.cast(value >= total, "int32")
        return index if len(shares) > 1 else ops.cast(value * 0, "int32")

    def integers(self, name, low, stop):
        """Whole numbers from `low` to below `stop`, float32."""
        whole = ops.floor(self.uniform(name, low, stop))
        return ops.minimum(whole, stop - 1)
