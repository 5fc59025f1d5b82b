"""Trains NLRN, the paper's network or those of the released code.

python recipes/train_nlrn.py --data BSD400 --validation BSD32_val \
    --out runs/nlrn_sigma25 --setting 25

If interrupted, restart it with the same command: it resumes.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings

# One network for all factors; its input is enlarged beforehand.
TASKS = {"denoise": "25", "super_resolution": "2,3,4"}


def options(add):
    add(
        "--released",
        choices=("master", "v0"),
        help="network and training of the released code",
    )
    add("--unrolled", type=int, default=12, help="steps of the recurrence, T")
    add("--filters", type=int, default=128, help="channels")
    add(
        "--key-filters",
        type=int,
        default=64,
        help="channels in which pixels are compared",
    )


def settings(args, task):
    # Section 5 of the paper: 16 patches as large as the window of 45, a
    # learning rate of 1e-3 halved five times, gradients clipped at 0.5. It
    # gives neither the number of steps nor when the rate is halved; 500,000
    # steps and the five halvings are from the released master, and both
    # released codes clip each variable's gradient by itself. It augments by
    # scaling, which the released codes do not, without saying by how much:
    # 0.7 is the smallest of the scales that DnCNN, whose training set it
    # takes, was trained on.
    common = {
        "steps": 500_000,
        "learning_rate": 1e-3,
        "patch_size": 45,
        "halve_every": "100000,200000,300000,400000,450000",
        "clip_each": 0.5,
        "validation_crop": 90,
    }
    released = {
        None: {"smallest_scale": 0.7},
        "master": {"patch_size": 43, "loss_crop": 5, "clip_each": 2.5},
        "v0": {"halve_every": 75_000, "clip_each": 2.5},
    }
    return Settings(**{**common, **released[args.released]})


def build(args, plan):
    from kerasrestore.training import Trainee

    model = plan.construct(
        {"--released": ("released", args.released)},
        num_steps=args.unrolled,
        filters=args.filters,
        key_filters=args.key_filters,
    )
    if args.released == "v0":
        return Trainee(model, plan.settings.loss_crop, residual=True)
    return model


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    TASKS,
    settings,
    build,
    options,
    task_options={"pre_upsampled": True, "quantize": False},
    gray=tuple(TASKS),
    network="NLRN",
    renamed={"num_steps": "unrolled"},
)

if __name__ == "__main__":
    RECIPE.run()
