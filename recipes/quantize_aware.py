"""Fine-tunes a trained model for int8, with the rounding simulated.

python recipes/quantize_aware.py \
    --preset danet_mobile_denoise_color_blind_bsd400 \
    --data BSD400 --validation BSD32_val --out runs/color_int8

The model learns to reproduce the output of the float model; its weights and
the ranges of its feature maps are trained. The PSNR of the float model, and
of int8 before and after training, are printed at the end. If interrupted,
restart it with the same command: it resumes.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from kerasrestore.export.save_preset import preset_task
from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.models import Restorer, find_preset
from kerasrestore.tasks import Denoise
from kerasrestore.training import Imitation
from kerasrestore.training.quantization.fine_tuning import (
    SETTINGS,
    calibrated,
)
from kerasrestore.training.recipe.load_run import Run
from kerasrestore.training.recipe.recipe import Recipe


def options(add):
    add("--preset", help="preset to quantize, by name or folder")
    add("--run", help="run to quantize, its folder")


def settings(args, task):
    return dataclasses.replace(
        SETTINGS, patch_size=SETTINGS.patch_size * task.scale
    )


def source(argv):
    """Task and channels of the model to quantize."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options(parser.add_argument)
    args = parser.parse_known_args(argv)[0]
    if args.preset and args.run:
        raise ValueError(
            "Only one model can be quantized; give either --preset or --run."
        )
    if args.run:
        run = Run(args.run)
        return run.task, run.record.config.get("channels", 3)
    if args.preset:
        preset = find_preset(args.preset)
        return preset_task(preset), preset.channels
    if {"-h", "--help"} & set(argv):
        return Denoise(), 3
    raise ValueError(
        "The model to quantize is missing; give --preset or --run."
    )


def setting_of(task):
    """The setting of a task as text for the command line."""
    value = task.get_config().get(task.setting_argument)
    if value is None:
        return ""
    values = value if isinstance(value, (list, tuple)) else [value]
    return ",".join(x if isinstance(x, str) else f"{x:g}" for x in values)


def load(args):
    """The float model."""
    if args.run:
        return Run(args.run).build()
    return Restorer.from_preset(args.preset)


def build(args, plan):
    restorer = load(args)
    if plan.options.dtype != "float32":
        raise ValueError(
            "Half precision cannot hold the steps of int8; leave --dtype out."
        )
    if plan.settings.loss_crop:
        raise ValueError(
            "The loss is that of whole patches; leave --loss-crop out."
        )
    if restorer.channels != plan.channels:
        raise ValueError(
            f"{restorer.name} has {restorer.channels} channels; leave --gray "
            "and --color out."
        )
    if restorer.value_range != (0.0, 1.0):
        raise ValueError(
            f"{restorer.name} computes in {restorer.value_range}; only models "
            "with values in [0, 1] can be fine-tuned for int8."
        )
    return Imitation(calibrated(plan, restorer), restorer)


def compare(plan):
    """Validation of the float model, of int8 before and after."""
    validate = plan.validation()
    restorer = load(plan.model_options)
    model = calibrated(plan, restorer)
    figures = {"float32": validate(restorer), "int8 before": validate(model)}
    model.load_weights(Path(plan.options.out) / "best.weights.h5")
    figures["int8 after"] = validate(model)
    for name, figure in figures.items():
        print(f"{name}: {json.dumps(figure)}")


def main(argv=None):
    keep_freed_memory()
    argv = sys.argv[1:] if argv is None else argv
    try:
        task, channels = source(argv)
        recipe = Recipe(
            __file__,
            __doc__.splitlines()[0],
            {task.name: setting_of(task)},
            settings,
            build,
            options,
            gray=(task.name,) if channels == 1 else (),
            quantized=(task.name,) if task.quantize_input else (),
            starts=False,
            trained_for=task,
        )
        plan = recipe.plan(argv)
        plan.run(Path(__file__).name)
        if not plan.options.dry_run:
            compare(plan)
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")


if __name__ == "__main__":
    main()
