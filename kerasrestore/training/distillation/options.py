"""Options of a distillation, and the stages that they change."""

import dataclasses

STAGES = (
    "teacher",
    "danet_s",
    "danet_s_plain",
    "mobile",
    "mobile_plain",
    "mobile_int8",
)


@dataclasses.dataclass(frozen=True)
class Option:
    """An option that a stage, and all stages after it, depend on.

    Args:
        name: as on the command line, without the dashes.
        stage: the first stage that depends on it.
        default: what it is unless given; the paper's where there is one.
        smoke: what it is in a run that only shows that all works; `default`
            unless given.
        help: what it is.
    """

    name: str
    stage: str
    default: object
    smoke: object
    help: str

    @property
    def key(self):
        return self.name.replace("-", "_")


# Section 4.1 of the paper: 100 epochs, of 8,400 batches of 12 patches (see
# recipes/train_danet.py), or 20,160 of 5 for the teacher. DANetMobile is the
# package's own: what gave the shipped presets.
OPTIONS = [
    Option(*row)
    for row in (
        ("sigma", "teacher", "0,55", None, "noise level, or low,high"),
        ("dtype", "teacher", "float32", None, "or mixed_bfloat16"),
        ("seed", "teacher", 0, None, "seed of weights and patches"),
        ("validate-every", "teacher", 1000, 2, "steps between validations"),
        ("validation-crop", "teacher", 256, 24, "side of validation crops"),
        ("danet-widths", "teacher", "128,176,176,192", "8,8", "channels"),
        ("danet-blocks", "teacher", "3,3,2,1", "0,0", "of the encoder"),
        ("slim-blocks", "teacher", "1,1,1,1", "0,0", "of DANet-S"),
        ("offset-width", "teacher", 48, 4, "channels of the memory"),
        ("danet-patch", "teacher", 256, 16, "side of a patch"),
        ("danet-rate", "teacher", 1e-4, None, "highest rate"),
        ("teacher-batch", "teacher", 5, 2, "patches a step"),
        ("teacher-steps", "teacher", 2_016_000, 2, "training steps"),
        ("imitation", "teacher", 1.0, None, "weight of the imitation loss"),
        ("danet-batch", "danet_s", 12, 2, "patches a step"),
        ("danet-steps", "danet_s", 840_000, 2, "training steps, each"),
        ("collaborative", "danet_s", 0.0, None, "weight of the feature loss"),
        ("widths", "mobile", "48,128", "8,16", "channels of DANetMobile"),
        ("encoder-blocks", "mobile", "1", None, "blocks a level, down"),
        ("middle-blocks", "mobile", 2, 1, "blocks at the bottom"),
        ("decoder-blocks", "mobile", "2", "1", "blocks a level, up"),
        ("features", "mobile", None, None, "student:teacher,... layers"),
        ("output-weight", "mobile", 1.0, None, "of the teacher's image"),
        ("feature-weight", "mobile", 0.1, None, "of the feature maps"),
        ("mobile-patch", "mobile", 64, 16, "side of a patch"),
        ("mobile-batch", "mobile", 16, 2, "patches a step"),
        ("mobile-rate", "mobile", 7e-4, None, "highest rate"),
        ("mobile-steps", "mobile", 40_000, 2, "training steps, each"),
        ("int8-rate", "mobile_int8", 1e-4, None, "highest rate"),
        ("int8-steps", "mobile_int8", 2_000, 2, "training steps"),
    )
]
