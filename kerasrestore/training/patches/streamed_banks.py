"""Parts of a large set of images, one after the other in device memory."""

import numpy as np

from kerasrestore.data.records.tiles import TILE
from kerasrestore.training.device_memory import free_bytes
from kerasrestore.training.patches.background_work import BackgroundWork
from kerasrestore.training.patches.image_bank import MOST_PIXELS, with_places


class StreamedBanks:
    """Banks of image regions, each drawn with the seed and its number.

    The steps `k * steps` to `(k + 1) * steps` of a training draw their
    patches from bank number k, which is a function of seed and k. Threads of
    the host load it while the device works with the one before.

    For each region of a bank, an image is drawn and a place of a patch in
    it, all alike. The places of an image lie in cells as large as a tile of
    records: the region holds every patch that begins in the drawn cell. As
    patches are drawn alike from all places of a region, every place of an
    image is equally likely, as if the whole set were held. (Of images that
    are shrunk, windows at the right and lower border are slightly more
    likely, as their number depends on the factor.)

    Args:
        sampler: `kerasrestore.data.PatchSampler`.
        places: its `Places`.
        sizes: height and width of each image, array `(images, 2)`.
        size: bytes of the pixels in a bank.

    Attributes:
        steps: training steps with the same bank.
        regions: number of regions in a bank.
        side: side of a region; smaller images are one as a whole.

    Raises:
        ValueError: if the size is too small or too large, or takes more than
            half of the free memory.
    """

    # Patches drawn from a region, on average: few, so that all parts of the
    # set are seen; not too few, so that loading keeps up with training.
    PATCHES = 8
    # Steps are a multiple of it, so that calls of many steps end there.
    MULTIPLE = 100
    THREADS = 2

    def __init__(self, sampler, places, sizes, size):
        self.sampler = sampler
        self.places = places
        self.sizes = np.asarray(sizes)
        self.cell = -(-TILE // places.period) * places.period
        last = places.in_image(0)[0] + self.cell - places.step
        blocks = -(-(last + places.reach) // places.period)
        self.side = max(blocks * places.period, places.side)
        pixels = self.side**2
        self.regions = int(size) // (pixels * sampler.channels)
        if not 1 <= self.regions <= MOST_PIXELS // pixels:
            least, most = (
                count * pixels * sampler.channels / 2**30
                for count in (1, MOST_PIXELS // pixels)
            )
            raise ValueError(
                f"A bank of {size / 2**30:.3g} GiB was asked for; with regions "
                f"of {self.side}x{self.side} it takes {least:.3g} to "
                f"{most:.3g} GiB."
            )
        if 2 * size > free_bytes():
            raise ValueError(
                f"A bank of {size / 2**30:.3g} GiB takes more than half of the "
                f"free memory, {free_bytes() / 2**30:.1f} GiB; hold less at a "
                "time."
            )
        steps = self.regions * self.PATCHES / sampler.batch_size
        self.steps = max(1, round(steps / self.MULTIPLE)) * self.MULTIPLE
        self._loading = {}

    def of_step(self, step):
        """The bank of a step, as `image_bank`; waits until it is loaded."""
        number = step // self.steps
        self._begin(number)
        for other in self._loading.keys() - {number, number + 1}:
            del self._loading[other]
        bank, work = self._loading[number]
        work.wait()
        return bank

    def until(self, step):
        """The first step of the next bank."""
        return (step // self.steps + 1) * self.steps

    def prepare(self, step):
        """Begins to load the bank of a step."""
        self._begin(step // self.steps)

    def draw(self, number):
        """Draws the regions of bank number `number`.

        Returns:
            Dictionary of integer arrays `(regions,)`: `"image"`; `"y"` and
            `"x"`, the first row and column of the region in the image; and
            those of `image_bank` but `"start"`.
        """
        rng = np.random.default_rng([self.sampler.seed, number, self.regions])
        image = rng.integers(len(self.sizes), size=self.regions)
        drawn = {"image": image}
        for axis, (at, side, first, count) in enumerate(
            (("y", "height", "top", "rows"), ("x", "width", "left", "columns"))
        ):
            sides = self.sizes[image, axis] // self.places.period
            sides = sides * self.places.period
            begin, places = self.places.in_image(sides)
            cells = self.cell // self.places.step
            cell = rng.integers(places) // cells
            start = np.minimum(cell * self.cell, sides - self.side).clip(0)
            drawn[at] = start
            drawn[side] = np.minimum(self.side, sides)
            drawn[first] = begin + cell * self.cell - start
            drawn[count] = np.minimum(cells, places - cell * cells)
        return drawn

    def _begin(self, number):
        if number in self._loading:
            return
        drawn = self.draw(number)
        image, y, x = (drawn.pop(name) for name in ("image", "y", "x"))
        shape = (self.regions, self.side**2, self.sampler.channels)
        pixels = np.zeros(shape, np.uint8)
        bank = with_places(
            pixels.reshape(-1, self.sampler.channels),
            start=np.arange(self.regions) * self.side**2,
            **drawn,
        )

        def load(index):
            """Reads all regions of an image, which is decoded once."""
            for row in np.flatnonzero(image == index):
                # A process that ends does not wait for a whole bank.
                if BackgroundWork.ending():
                    raise RuntimeError("The process ends.")
                height, width = drawn["height"][row], drawn["width"][row]
                window = self.sampler.window(
                    index,
                    slice(y[row], y[row] + height),
                    slice(x[row], x[row] + width),
                )
                pixels[row, : height * width] = window.reshape(
                    -1, self.sampler.channels
                )

        work = BackgroundWork(load, np.unique(image), self.THREADS)
        self._loading[number] = bank, work
