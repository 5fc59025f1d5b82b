"""Trains DANet, or DANet-S without a teacher (`--size slim`).

python recipes/train_danet.py --data DIV2K --validation BSD32_val \
    --out runs/danet_sigma25 --setting 25

Training on pairs of photographs of the same size:

python recipes/train_danet.py --task super_resolution --setting 2 \
    --data RealSR/train/HR --degraded RealSR/train/LR \
    --validation RealSR/test/HR --validation-degraded RealSR/test/LR \
    --out runs/danet_realsr_x2

If interrupted, restart it with the same command: it resumes.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings, numbers

TASKS = {"denoise": "25", "jpeg": "10", "super_resolution": "2"}
# Of the convolutions that predict offsets and masks.
OFFSET_RATE = "offset_conv=0.1"
OFFSET_CLIP = "offset_conv=0.01"


def options(add):
    add("--size", default="full", help="full, or slim for DANet-S")
    add(
        "--sigma-input",
        action="store_true",
        help="noise level as a second input",
    )
    add("--widths", help="channels of each level (default: 128,176,176,192)")
    add("--blocks", help="ADEBs of each level, before its AROB")
    add("--offset-width", type=int, help="channels of the AROBs' memory")


def settings(args, task):
    # Section 4.1 of the paper: Adam, from 1e-4 to 1e-6 in 100 epochs, here
    # with cosine decay; section 4.2: patches of 256x256 every 130 pixels, of
    # which the 800 images of DIV2K, mostly 2040x1356, have 14 x 9 each: 8,400
    # batches of 12 per epoch.
    #
    # The paper does not say how offsets are trained. A tenth of the learning
    # rate is from the paper of modulated deformable convolution (Zhu et al.,
    # CVPR 2019, section 3.2). The bound is ours: in the first 200 steps of a
    # small DANet (widths 16, 24; 1e-3) these norms were at most 6e-4, so that
    # it only stops gradients that explode.
    by_layer = {}
    if args.model.get("block") != "conv":
        by_layer = {"layer_rates": OFFSET_RATE, "layer_clips": OFFSET_CLIP}
    return Settings(
        steps=840_000,
        batch_size=12,
        patch_size=256,
        schedule="cosine",
        final_rate=1e-6,
        **by_layer,
    )


def build(args, plan):
    if args.sigma_input and plan.task.sigma_range is None:
        raise ValueError(
            "Only images with synthetic noise have a known noise level; leave "
            "--sigma-input out."
        )
    return plan.construct(
        {"--sigma-input": ("sigma_input", args.sigma_input)},
        size=args.size,
        widths=args.widths and numbers(args.widths),
        blocks=args.blocks and numbers(args.blocks),
        offset_width=args.offset_width,
    )


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    TASKS,
    settings,
    build,
    options,
    # Outputs have the size of the inputs.
    task_options={"pre_upsampled": True},
    gray=("jpeg",),
    network="DANet",
    photos=True,
)

if __name__ == "__main__":
    RECIPE.run()
