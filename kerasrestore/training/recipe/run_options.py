"""What a recipe's command line says besides the hyperparameters."""

import dataclasses

from kerasrestore.training.distribution.open_distribution import STRATEGIES
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
        degradation: name of the task's degradation, such as `"camera"`;
            `None` for its default, that of the published tables.
        shares: fraction of each kind of noise in `"camera"`, as text:
            `"camera=0.6,gaussian=0.2,film=0.1,clean=0.1"`.
        model: arguments of the network's constructor, a list of texts
            `NAME=VALUE`.
        start: preset or run whose weights initialize the model.
        dtype: dtype policy of the layers.
        seed: seed of weights and patches.
        jit_compile: see `FitSettings`.
        steps_per_execution: see `FitSettings`.
        accumulate: see `FitSettings`.
        recompute: see `FitSettings`.
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
    degradation: str | None = None
    shares: str | None = None
    model: list | None = None
    start: str | None = None
    dtype: str = "float32"
    seed: int = 0
    jit_compile: bool = False
    steps_per_execution: int = FitSettings.steps_per_execution
    accumulate: int = FitSettings.accumulate
    recompute: bool = FitSettings.recompute
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


def add_run(add):
    """Adds the options that say how a run is carried out.

    Args:
        add: `add_argument` of a parser.
    """
    add(
        "--dtype",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        default=RunOptions.dtype,
        help="dtype policy of the layers; weights are float32",
    )
    add(
        "--seed",
        type=int,
        default=RunOptions.seed,
        help="seed of weights and patches",
    )
    add(
        "--jit-compile",
        action="store_true",
        help="compile the training step with XLA under TensorFlow too",
    )
    add(
        "--steps-per-execution",
        type=int,
        default=RunOptions.steps_per_execution,
        help="training steps in a call of the compiled function",
    )
    add(
        "--accumulate",
        type=int,
        default=RunOptions.accumulate,
        help="micro-batches in which the gradient of a step is computed, one "
        "after the other, to save memory",
    )
    add(
        "--recompute",
        action="store_true",
        help="do not store the feature maps inside the blocks of RNAN and "
        "DANet for the gradient, but compute them again, to save memory",
    )
    add(
        "--patches",
        choices=("host", "device"),
        default=RunOptions.patches,
        help="where patches are cut and degraded; device: inside the "
        "compiled step, with the images in its memory",
    )
    add(
        "--bank-gb",
        type=float,
        metavar="GIB",
        help="size of the part of the images that --patches device holds at a "
        "time, 0: all (default: all up to 2^31 pixels, of larger sets 1 GiB)",
    )
    add(
        "--cache-gb",
        type=float,
        metavar="GIB",
        help="memory of the host for the decoded images of --data (default: "
        "half of what is free, at least 2)",
    )
    add(
        "--strategy",
        choices=STRATEGIES,
        default=RunOptions.strategy,
        help="devices to distribute each batch over",
    )
    add("--tensorboard", action="store_true", help="write TensorBoard logs")
    add("--quiet", action="store_true", help="show no progress")
