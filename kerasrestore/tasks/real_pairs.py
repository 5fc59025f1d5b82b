"""Restoration learned from pairs of photographs."""

from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.tasks.task import Task


class RealPairs(Task):
    """Pairs of a low-quality and a high-quality photograph, of one size.

    Nothing is degraded here: both images are files (`folder_pairs`,
    `PairSampler`). Denoised photographs are scored over all channels,
    super-resolved ones on their unrounded Y with as many pixels shaved off
    as the factor; RealSR's small images are stored at the size of the large
    ones, so that input and output have one size there too.

    Args:
        name: `"denoise"` or `"super_resolution"`.
        factor: 2, 3 or 4 for super-resolution, else `None`.

    Raises:
        ValueError: if the name is another one, or does not go with the
            factor.

    Example:
    >>> task = RealPairs("super_resolution", factor=3)
    >>> task.scale, task.protocol(channels=3)
    (1, 'y_shave3')

    References:
        DANet, tables 4 (SIDD, DND) and 6 (RealSR, on Y). SIDD's benchmark
        and DND are scored by their web sites, for their ground truth is not
        published.
    """

    name = "photographs"  # Of the class: an object has one of these.
    names = ("denoise", "super_resolution")
    degradation = "photographs"
    setting_argument = "factor"
    setting_type = int
    setting_help = "the factor of super_resolution, 2, 3 or 4"

    def __init__(self, name="denoise", factor=None):
        if name not in self.names:
            raise ValueError(
                "Pairs of photographs are there for "
                f"{' and '.join(self.names)}, got {name!r}."
            )
        if name == "denoise" and factor is not None:
            raise ValueError(
                "The noise of photographs is what it is and has no setting; "
                f"leave it out, got {factor!r}."
            )
        if name == "super_resolution" and factor not in (2, 3, 4):
            raise ValueError(
                "super_resolution of photographs wants their factor, 2, 3 or "
                f"4, got {factor!r}."
            )
        self.name = name
        self.factor = factor
        if factor is not None:
            self.shave = factor
            self.scored_on_y = True
            self.to_gray = rgb_to_y_bytes

    @property
    def setting(self):
        return self.factor

    @property
    def label(self):
        return self.name if self.factor is None else f"x{self.factor}"

    def degrade(self, clean, rng):
        raise ValueError(
            "Pairs of photographs are not made of clean images; train on the "
            "files of both with PairSampler."
        )

    def degrade_benchmark(self, clean, index, seed=0):
        raise ValueError(
            "Pairs of photographs are not made of clean images; measure on "
            "the files of both."
        )

    def degrade_tensors(self, clean, seed=None):
        return self.degrade(clean, seed)

    def get_config(self):
        """Arguments that build this task again."""
        return {"name": self.name, "factor": self.factor}
