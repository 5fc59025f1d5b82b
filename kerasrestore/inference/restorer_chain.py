"""Several restorers, one after the other."""

import numpy as np

from kerasrestore.inference.image_array import TOPS, check_image
from kerasrestore.inference.progress import ticker
from kerasrestore.inference.whole_photo import is_photo, restore_whole_photo

# Steps of the progress of one restorer.
TICKS = 1000
# Options that only some restorers take, and what leaves them unset.
UNSET = {"sigma": None, "strength": 1.0, "pattern": None}


class RestorerChain:
    """Restores images with several restorers, each on the last one's output.

    Between them, images are floats of 16 bits with white at 1, clipped to
    [0, 1]; the result has the type of the input.

    Args:
        restorers: list of `ImageRestorer`, in order. A model that demosaics
            can only be the first.

    Attributes:
        name: their names, joined by " + ".
        task: their tasks, joined by commas.
        channels: most channels that one of them takes.
        scale: product of their upscaling factors.
        sigma_input: whether one of them takes the noise level.

    Raises:
        ValueError: if there are none, or one that demosaics comes later.

    Example:
    >>> from kerasrestore import LiteRTRestorer
    >>> denoiser = LiteRTRestorer.from_preset()
    >>> chain = RestorerChain([denoiser, denoiser])
    >>> chain.restore(np.full((40, 30, 3), 128, "uint8")).shape
    (40, 30, 3)
    """

    def __init__(self, restorers):
        self.restorers = list(restorers)
        if not self.restorers:
            raise ValueError("A chain needs at least one restorer, got none.")
        tasks = [one.task for one in self.restorers]
        if "demosaic" in tasks[1:]:
            raise ValueError(
                "Only what comes from a sensor is a mosaic; put demosaic "
                f"first, got {', '.join(tasks)}."
            )
        self.name = " + ".join(one.name for one in self.restorers)
        self.task = ",".join(tasks)
        self.channels = max(one.channels for one in self.restorers)
        self.scale = int(np.prod([one.scale for one in self.restorers]))
        self.sigma_input = any(one.sigma_input for one in self.restorers)

    def restore(self, image, *, progress=False, white_level=None, **options):
        """Restores an image of any size.

        Args:
            image: as in `ImageRestorer.restore`, without batches.
            progress: `True` for a bar, or a function called as
                `progress(done, total)`.
            white_level: as in `ImageRestorer.restore`.
            **options: as in `ImageRestorer.restore`. `sigma` is for the
                restorers that take it, `strength` for those that neither
                enlarge nor demosaic, `pattern` and `ensemble` for those to
                which they apply.

        Returns:
            The restored image, as `ImageRestorer.restore` returns it.

        Raises:
            ValueError: as `ImageRestorer.restore`, or if no restorer takes an
                option.
        """
        self.check_options(
            **{key: options[key] for key in UNSET if key in options}
        )
        if is_photo(image):
            return restore_whole_photo(
                self,
                image,
                {"progress": progress, "white_level": white_level, **options},
            )
        array, layout, white = check_image(image, white_level)
        if layout == "NHWC":
            raise ValueError(
                "A chain restores one image at a time, got a batch of shape "
                f"{array.shape}; restore them one by one."
            )
        top = np.float32(1 if white is None else white)
        restored = array.astype(np.float32) / top
        with ticker(progress) as tick:
            for number, restorer in enumerate(self.restorers):
                if number:
                    restored = np.clip(restored, 0, 1).astype(np.float16)
                restored = restorer.restore(
                    restored,
                    progress=_part(tick, number, len(self.restorers)),
                    **_own_options(restorer, options),
                )
        restored = restored.astype(np.float32)
        if array.dtype in TOPS:
            restored = np.rint(np.clip(restored, 0, 1) * top)
        else:
            restored *= top
        return restored.astype(array.dtype)

    def check_options(self, *, sigma=None, strength=1.0, pattern=None):
        """Raises ValueError if `restore` would reject these options.

        Args:
            sigma: as in `ImageRestorer.restore`.
            strength: as in `ImageRestorer.restore`.
            pattern: as in `ImageRestorer.restore`.
        """
        given = {"sigma": sigma, "strength": strength, "pattern": pattern}
        for key, default in UNSET.items():
            # Noise levels may be an array, which has no truth value.
            unset = np.ndim(given[key]) == 0 and given[key] == default
            if not unset and not any(
                _takes(one, key) for one in self.restorers
            ):
                raise ValueError(
                    f"None of {self.name} takes {key}; leave it out."
                )
        for one in self.restorers:
            one.check_options(
                **{key: given[key] for key in UNSET if _takes(one, key)}
            )


def _takes(restorer, option):
    """Whether an option applies to a restorer."""
    mosaic = restorer.task == "demosaic"
    return {
        "sigma": restorer.sigma_input,
        "strength": restorer.scale == 1 and not mosaic,
        "pattern": mosaic,
        "ensemble": not mosaic,
    }.get(option, True)


def _own_options(restorer, options):
    return {k: value for k, value in options.items() if _takes(restorer, k)}


def _part(tick, number, count):
    """Progress of one of several restorers, as part of the whole."""

    def progress(done, total):
        tick(number * TICKS + TICKS * done // max(total, 1), count * TICKS)

    return progress
