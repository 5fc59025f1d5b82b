"""Restoration trained and evaluated on pairs of real photographs."""

from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.tasks.task import Task


class RealPairs(Task):
    """Pairs of a low-quality and a high-quality photograph of the same size.

    Nothing is degraded synthetically: both images are files (`folder_pairs`,
    `PairSampler`). Denoised photographs are scored over all channels;
    super-resolved ones are scored on the unrounded Y, with a border of
    `factor` pixels shaved off. RealSR stores its low-resolution images at the
    size of the high-resolution ones, so that input and output have the same
    size there too.

    Args:
        name: `"denoise"` or `"super_resolution"`.
        factor: 2, 3 or 4 for super-resolution; `None` for denoising.

    Raises:
        ValueError: if the name is unknown, or the factor is not valid for it.

    Example:
    >>> task = RealPairs("super_resolution", factor=3)
    >>> task.scale, task.protocol(channels=3)
    (1, 'y_shave3')

    References:
        DANet, tables 4 (SIDD, DND) and 6 (RealSR, on Y). SIDD's benchmark
        and DND are scored by their web sites, as their ground truth is not
        public.
    """

    name = "photographs"  # Class default; an instance has one of `names`.
    names = ("denoise", "super_resolution")
    degradation = "photographs"
    setting_argument = "factor"
    setting_type = int
    setting_help = "the super-resolution factor, 2, 3 or 4"

    def __init__(self, name="denoise", factor=None):
        if name not in self.names:
            raise ValueError(
                "The task of RealPairs must be "
                f"{' or '.join(self.names)}, got {name!r}."
            )
        if name == "denoise" and factor is not None:
            raise ValueError(
                "Denoising of real photographs has no setting, got "
                f"{factor!r}; leave it out."
            )
        if name == "super_resolution" and factor not in (2, 3, 4):
            raise ValueError(
                "Super-resolution of real photographs requires a factor of 2, "
                f"3 or 4, got {factor!r}."
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
            "RealPairs cannot degrade clean images; train on pairs of image "
            "files with PairSampler."
        )

    def degrade_benchmark(self, clean, index, seed=0):
        raise ValueError(
            "RealPairs cannot degrade clean images; evaluate on pairs of image "
            "files."
        )

    def draw_tensors(self, shape, seed=None):
        return self.degrade(None, seed)

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {"name": self.name, "factor": self.factor}
