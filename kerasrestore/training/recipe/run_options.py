"""What a recipe's command line says besides the hyperparameters."""

import dataclasses

from kerasrestore.training.fit_settings import FitSettings


@dataclasses.dataclass(frozen=True)
class RunOptions:
    """Options that recipes have in common, and their defaults.

    Args:
        out: folder of the run.
        validation: folder of validation images.
        data: folder of training images.
        records: folder of records, instead of `data`.
        degraded: folder of the low-quality photographs that belong to `data`.
        validation_degraded: the same for `validation`.
        task: name of the task.
        setting: strength of the degradation, as text.
        gray: whether to train on gray images.
        color: whether to train on colour images where the paper uses gray
            ones.
        quantize: whether noisy images are clipped and rounded to 8 bits;
            `None` as the task does by default.
        noise: degradation of the task `"denoise"`, `"gaussian"` or
            `"camera"`.
        shares: fraction of each kind of noise in `"camera"`, as text:
            `"camera=0.6,gaussian=0.2,film=0.1,clean=0.1"`.
        model: arguments of the network's constructor, a list of texts
            `NAME=VALUE`.
        start: preset or run whose weights initialize the model.
        dtype: dtype policy of the layers.
        seed: seed of weights and patches.
        jit_compile: see `FitSettings`.
        steps_per_execution: see `FitSettings`.
        patches: `"host"`, or `"device"` for `DevicePatches`.
        bank_gb: GiB of images in device memory at a time, 0 for all; `None`
            as `DevicePatches` does by default.
        cache_gb: GiB of decoded images that the host keeps; `None` for half
            of the free memory, at least 2 GiB.
        strategy: see `open_distribution`.
        tensorboard: whether to write TensorBoard logs.
        quiet: whether to hide the progress.
        dry_run: whether to measure a training step only.

    Example:
    >>> RunOptions(out="run", validation="BSD32_val", data="BSD400").seed
    0
    """

    out: str
    validation: str
    task: str = "denoise"
    data: str | None = None
    records: str | None = None
    degraded: str | None = None
    validation_degraded: str | None = None
    setting: str | None = None
    gray: bool = False
    color: bool = False
    quantize: bool | None = None
    noise: str = "gaussian"
    shares: str | None = None
    model: list | None = None
    start: str | None = None
    dtype: str = "float32"
    seed: int = 0
    jit_compile: bool = False
    steps_per_execution: int = FitSettings.steps_per_execution
    patches: str = "host"
    bank_gb: float | None = None
    cache_gb: float | None = None
    strategy: str = "auto"
    tensorboard: bool = False
    quiet: bool = False
    dry_run: bool = False

    @classmethod
    def from_args(cls, args):
        """The options among parsed arguments.

        Args:
            args: namespace; options that a recipe does not offer may be
                missing.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in vars(args).items() if k in names})
