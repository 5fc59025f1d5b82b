"""Options of a distillation, and the stages that depend on them."""

import dataclasses
import typing

from kerasrestore.training.quantization import fine_tuning
from kerasrestore.training.recipe.danet_mobile import NETWORK, SETTINGS
from kerasrestore.training.recipe.run import ASIDE
from kerasrestore.training.recipe.run_options import RunOptions

STAGES = (
    "teacher",
    "danet_s",
    "danet_s_plain",
    "mobile",
    "mobile_plain",
    "mobile_int8",
)
# Weights of the imitation loss. The gradient of a mean absolute difference is
# 1 for each pixel, that of the squared error twice the error, 0.07 at 29 dB:
# with a weight of 1, an encoder that imitates the clean image could not leave
# it, and the decoder would learn what it learns alone.
IMITATION = {"degraded": 1.0, "clean": 0.05}


def _option(help, stage, default, smoke=None):
    """A field with what its command-line option needs.

    Args:
        help: what it is.
        stage: the first stage that depends on it, as all later ones do.
        default: its value unless given.
        smoke: its value in a smoke run; `default` unless given.
    """
    return dataclasses.field(
        default=default,
        metadata={"help": help, "stage": stage, "smoke": smoke},
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistillationOptions:
    """Options of `DistillationStages`, and their defaults.

    Those of DANet are the paper's, section 4.1: 100 epochs, of 8,400 batches
    of 12 patches (see recipes/train_danet.py), or 20,160 of 5 for the
    teacher. Those of DANetMobile gave the shipped presets. What is trained on
    is in `RunOptions`.

    Example:
    >>> options = DistillationOptions()
    >>> options.danet_steps
    840000
    """

    sigma_input: bool = _option(
        "noise level as a second input", "teacher", False
    )
    teacher: str | None = _option(
        "preset or run that teaches DANetMobile instead of DANet-S",
        "teacher",
        None,
    )
    validate_every: int = _option(
        "steps between validations", "teacher", 1000, 2
    )
    validation_crop: int = _option(
        "side of the validation crops", "teacher", 256, 24
    )
    danet_widths: str = _option(
        "channels of each level of DANet", "teacher", "128,176,176,192", "8,8"
    )
    danet_blocks: str = _option(
        "ADEBs in each level of the encoder", "teacher", "3,3,2,1", "0,0"
    )
    slim_blocks: str = _option(
        "ADEBs in each level of DANet-S", "teacher", "1,1,1,1", "0,0"
    )
    offset_width: int = _option(
        "channels of the AROBs' memory", "teacher", 48, 4
    )
    danet_patch: int = _option("patch size of DANet", "teacher", 256, 16)
    danet_rate: float = _option("peak learning rate of DANet", "teacher", 1e-4)
    teacher_batch: int = _option("batch size of the teacher", "teacher", 5, 2)
    teacher_steps: int = _option(
        "training steps of the teacher", "teacher", 2_016_000, 2
    )
    encoder_target: str | None = _option(
        "what the teacher's encoder imitates: degraded, the paper's form; or "
        "clean, and its decoder sees the noise of the degraded image too "
        "(default: clean for denoise, degraded for other tasks)",
        "teacher",
        None,
    )
    imitation: float | None = _option(
        "weight of the imitation loss (default: "
        + ", ".join(f"{IMITATION[one]:g} of {one}" for one in IMITATION)
        + " images)",
        "teacher",
        None,
    )
    danet_batch: int = _option("batch size of DANet-S", "danet_s", 12, 2)
    danet_steps: int = _option(
        "training steps of DANet-S", "danet_s", 840_000, 2
    )
    danet_plain_steps: int | None = _option(
        "training steps of DANet-S from scratch (default: those of DANet-S)",
        "danet_s_plain",
        None,
    )
    collaborative: float = _option(
        "weight of DANet-S's feature loss", "danet_s", 0.0
    )
    widths: str = _option(
        "channels of each level of DANetMobile",
        "mobile",
        NETWORK["widths"],
        "8,16",
    )
    encoder_blocks: str = _option(
        "residual blocks of each encoder level",
        "mobile",
        NETWORK["encoder_blocks"],
    )
    middle_blocks: int = _option(
        "residual blocks of the lowest level",
        "mobile",
        NETWORK["middle_blocks"],
        1,
    )
    decoder_blocks: str = _option(
        "residual blocks of each decoder level",
        "mobile",
        NETWORK["decoder_blocks"],
        "1",
    )
    features: str | None = _option(
        "pairs of layers to compare, student:teacher,...", "mobile", None
    )
    output_weight: float = _option(
        "weight of the loss to the teacher's image", "mobile", 1.0
    )
    feature_weight: float = _option(
        "weight of the loss to the teacher's feature maps", "mobile", 0.1
    )
    mobile_patch: int = _option(
        "patch size of DANetMobile", "mobile", SETTINGS.patch_size, 16
    )
    mobile_batch: int = _option(
        "batch size of DANetMobile", "mobile", SETTINGS.batch_size, 2
    )
    mobile_rate: float = _option(
        "peak learning rate of DANetMobile", "mobile", SETTINGS.learning_rate
    )
    mobile_steps: int = _option(
        "training steps of DANetMobile", "mobile", SETTINGS.steps, 2
    )
    mobile_plain_steps: int | None = _option(
        "training steps of DANetMobile without a teacher (default: those of "
        "DANetMobile)",
        "mobile_plain",
        None,
    )
    int8_rate: float = _option(
        "peak learning rate of the int8 fine-tuning",
        "mobile_int8",
        fine_tuning.SETTINGS.learning_rate,
    )
    int8_steps: int = _option(
        "training steps of the int8 fine-tuning",
        "mobile_int8",
        fine_tuning.SETTINGS.steps,
        2,
    )

    @classmethod
    def add_to(cls, add):
        """Adds the options to a command line; left out, they are `None`.

        Args:
            add: `add_argument` of a parser.
        """
        for field in dataclasses.fields(cls):
            help, default = field.metadata["help"], field.default
            name = "--" + field.name.replace("_", "-")
            if default is False:
                add(name, action="store_true", default=None, help=help)
                continue
            # The type of an option without a default is one of two.
            kind = next(iter(typing.get_args(field.type)), field.type)
            smoke = field.metadata["smoke"]
            values = "" if default is None else f" (default: {default}"
            values += "" if smoke is None else f", smoke: {smoke}"
            add(name, type=kind, help=help + (values and f"{values})"))

    @classmethod
    def from_args(cls, args, smoke=False):
        """The options of a command line.

        Args:
            args: parsed arguments, see `add_to`.
            smoke: whether options that were not given get their values of a
                smoke run.
        """
        values = {}
        for field in dataclasses.fields(cls):
            value = getattr(args, field.name)
            if value is None and smoke:
                value = field.metadata["smoke"]
            if value is not None:
                values[field.name] = value
        return cls(**values)

    def resolved(self, task):
        """The options with the defaults that depend on the task.

        Args:
            task: the `Task` to train for.

        Raises:
            ValueError: if options cannot be combined.
        """
        if self.sigma_input and task.sigma_range is None:
            raise ValueError(
                "Only images with synthetic noise have a known noise level; "
                "leave --sigma-input out."
            )
        target, weight = self.encoder_target, self.imitation
        if target is None:
            # Noise cannot be predicted from the clean image.
            target = "clean" if task.name == "denoise" else "degraded"
        if target not in IMITATION:
            raise ValueError(
                f"--encoder-target must be one of {', '.join(IMITATION)}, got "
                f"{target!r}."
            )
        if weight is None:
            weight = IMITATION[target]
        return dataclasses.replace(
            self, encoder_target=target, imitation=weight
        )

    def arguments(self, stage, run):
        """What a stage depends on, as `run.json` records it.

        Args:
            stage: name of the stage.
            run: `RunOptions`.

        Returns:
            Dictionary.
        """
        last = STAGES.index(stage)
        found = {
            **{k: v for k, v in vars(run).items() if k not in ASIDE},
            "quantize": bool(run.quantize),
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if STAGES.index(field.metadata["stage"]) <= last
            },
            "until": stage,
        }
        if self.teacher is not None:
            # It has no phase 1.
            del found["encoder_target"], found["imitation"]
        return found


def absent():
    """What stages did whose version lacked an option, by its name."""
    options = {
        field.name: field.default
        for kind in (RunOptions, DistillationOptions)
        for field in dataclasses.fields(kind)
        if field.default is not dataclasses.MISSING
    }
    return {
        **options,
        "encoder_target": "degraded",
        "imitation": IMITATION["degraded"],
    }
