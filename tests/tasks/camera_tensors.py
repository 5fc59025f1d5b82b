"""Camera noise of tensors beside NumPy's, from the same random numbers."""

import numpy as np
from testing import smooth_image

from kerasrestore.tasks import CameraNoise
from kerasrestore.tasks.camera.tensors.draws import NORMAL, UNIFORM
from kerasrestore.training.patches.compiled import compiled

SIDE = 40
COUNT = 24


class Scripted:
    """A generator that gives numbers drawn before, by name and in order."""

    def __init__(self, drawn, names):
        self.drawn = drawn
        self.names = names

    def _next(self, size=None):
        name = next(self.names)
        many = size if isinstance(size, int) else None
        if many:
            return np.array([self._value(f"{name}{n}") for n in range(many)])
        return self._value(name)

    def _value(self, name):
        for kind, names in (("uniform", UNIFORM), ("normal", NORMAL)):
            if name in names:
                return float(self.drawn[kind][names.index(name)])
        raise KeyError(name)

    def random(self, size=None):
        return self._next(size)

    def uniform(self, low, high, size=None):
        return low + (high - low) * self._next(size)

    def normal(self, mean=0.0, deviation=1.0, size=None):
        if size is not None:
            assert next(self.names) == "mix"
            return self.drawn["mix"]
        return mean + deviation * self._next()

    def choice(self, values, p):
        values = range(values) if isinstance(values, int) else values
        edges = np.cumsum(p)[:-1]
        return values[int((self._next() >= np.float32(edges)).sum())]

    def integers(self, low, high=None, size=None):
        if high is None:
            low, high = 0, low
        if size is not None:
            return np.array([self.integers(low, high) for _ in range(size)])
        return int(np.floor(low + (high - low) * self._next()))

    def standard_normal(self, shape, dtype):
        name = next(self.names)
        rows, columns = (*shape, 1)[:2]
        if name == "row_noise":
            return self.drawn[name][:rows].reshape(shape)
        noise = self.drawn["noise"][:rows, :columns].copy()
        return noise[..., 0] if len(shape) == 2 else noise[..., : shape[2]]

    def spawn(self, count):
        value = self._value
        kinds = iter(["kind", "gray_photo", "to_8_bits", "as_jpeg"])
        return [
            Scripted(self.drawn, names)
            for names in (kinds, self.names(value), file_names())
        ]


def camera_names(value, channels):
    """Names of what a photograph asks for, in NumPy's order."""
    yield "shrunk"
    if value("shrunk") < 0.25:
        yield "factor"
    yield from ("denoising", "weight", "brightness", "red", "blue", "curved")
    yield "demosaic"
    if value("demosaic") < 0.75:
        yield "phase"
    yield from ("shot", "read", "noise", "rows")
    if value("rows") < 0.1:
        yield from ("row_share", "row_noise")
    if value("denoising") < 0.65:
        yield from ("luma_blur", "blotches", "chroma_level", "ratio")
    yield "filtered"
    if value("filtered") < 0.3:
        yield from ("blurred", "filter_sigma")
        if value("blurred") >= 0.5:
            yield "amount"


def gaussian_names(value, channels):
    yield from ("level", "noise")


def film_names(value, channels):
    yield from ("noise", "film_kind")
    if 0.65 <= value("film_kind") < 0.85 and channels == 3:
        yield "mix"
    yield "film_blurred"
    if value("film_blurred") < 0.5:
        yield "film_blur"
    yield "level"


def monochrome_names(value):
    yield from ("toned", "low", "high", "power")


def file_names():
    yield "twice"
    for number in range(2):
        for name in ("top", "left", "subsampling", "range", "quality"):
            yield f"{name}{number}"


NAMES = {
    "camera": camera_names,
    "gaussian": gaussian_names,
    "film": film_names,
    "clean": lambda value, channels: iter(()),
}


def compare(kind, channels, jpeg):
    """Raises AssertionError if the two differ."""
    import keras

    task = CameraNoise(shares={kind: 1.0}, jpeg=jpeg)
    clean = np.stack(
        [smooth_image(SIDE, SIDE, channels, seed=n) for n in range(COUNT)]
    ) / np.float32(255)
    drawn = task.draw_tensors(clean.shape, keras.random.SeedGenerator(5))
    pair = compiled(task.pair_tensors)
    found = [np.asarray(array) for array in pair(clean, drawn)]
    drawn = keras.tree.map_structure(np.asarray, drawn)
    wanted = []
    for row in range(COUNT):

        def names(value):
            yield from NAMES[kind](value, channels)
            yield from monochrome_names(value)

        values = {name: array[row] for name, array in drawn.items()}
        wanted.append(task.training_pair(clean[row], Scripted(values, names)))
    wanted = list(map(np.stack, zip(*wanted, strict=True)))
    assert [x.shape for x in found] == [x.shape for x in wanted]
    # A window is compressed together with what NumPy has cut off beyond it,
    # and its border does not become part of a patch.
    inner = np.s_[:, 8:-8, 8:-8]
    noisy, target = (
        255 * np.abs(found[n][inner] - wanted[n][inner]) for n in range(2)
    )
    # Entries of the lookup tables and levels may be rounded the other way.
    assert target.max() < 1 and target.mean() < 1e-3
    assert (noisy > 1e-3).mean() < 0.01 and noisy.mean() < 0.02
    np.testing.assert_allclose(found[2], wanted[2], rtol=0.02, atol=1e-3)
    if kind != "clean":
        # The images differ in what was drawn for them.
        assert len(np.unique(np.round(wanted[2], 3))) == COUNT
