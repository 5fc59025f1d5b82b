"""Trains DANet's family from the privileged teacher to the phone, in stages.

python recipes/distill_danet.py --data BSD400 --validation BSD32_val \
    --out runs/distill --benchmarks CBSD68

1. `teacher`: an encoder that sees the clean image, and the decoder
2. `danet_s`: DANet-S initialized with the teacher's decoder;
   `danet_s_plain`: DANet-S from scratch
3. `mobile`: DANetMobile, taught by the better DANet-S or by `--teacher`;
   `mobile_plain`: the same without a teacher
4. `mobile_int8`: fine-tuning of `mobile` for int8
5. the `.tflite` files, in `export`
6. `report.md` with its figures (`report.json`) and pictures

`--task`, `--degradation camera` and pairs of photographs as in train_danet.py.
Every stage has its own folder. If interrupted, restart it with the same
command: finished stages are skipped and the current one resumes.
"""

import argparse
import json
import sys
from pathlib import Path

from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.training.distillation.options import (
    STAGES,
    DistillationOptions,
)
from kerasrestore.training.distillation.stages import (
    DistillationStages,
    load_restorer,
)
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.recipe.danet_mobile import TASKS
from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.run_options import add_run

# The data and tasks, as in train_danet.py; the stages have their own settings.
DATA = Recipe(
    __file__,
    __doc__.splitlines()[0],
    {"denoise": TASKS["denoise"], "jpeg": "10", "super_resolution": "2"},
    settings=None,
    build=None,
    # Outputs have the size of the inputs.
    task_options={"pre_upsampled": True},
    gray=("jpeg",),
    photos=True,
)

WHAT = {
    "teacher": "decoder of the privileged teacher",
    "danet_s": "DANet-S initialized with that decoder",
    "danet_s_plain": "DANet-S from scratch",
    "mobile": "DANetMobile, distilled",
    "mobile_plain": "DANetMobile without a teacher",
    "mobile_int8": "DANetMobile, distilled, int8",
}
GAINS = (
    ("initialization with the decoder", "danet_s", "danet_s_plain"),
    ("distillation", "mobile", "mobile_plain"),
    ("int8 instead of float32", "mobile_int8", "mobile"),
)


def parse(argv):
    """Options of the stages, and all parsed arguments."""
    parser = argparse.ArgumentParser(
        description=DATA.description, allow_abbrev=False
    )
    add = parser.add_argument
    DATA.add_data(parser)
    DistillationOptions.add_to(add)
    add_run(add)
    add("--smoke", action="store_true", help="tiny networks, to try it out")
    add("--until", choices=STAGES, help="stop after this stage")
    add("--tile", type=int, help="tile size of the files; 384, smoke: 96")
    add("--benchmarks", nargs="*", default=[], help="folders to measure on")
    args = parser.parse_args(argv)
    args.tile = args.tile or (96 if args.smoke else 384)
    return DistillationOptions.from_args(args, args.smoke), args


def open_stages(options, args, distribution):
    """The stages of a command line."""
    run = DATA.run_options(args)
    if run.validation_degraded and args.benchmarks:
        raise ValueError(
            "Benchmarks have no low-quality photographs; leave --benchmarks "
            "out."
        )
    return DistillationStages(
        Path(__file__).name, DATA.task(run), run, options, distribution
    )


def export(stages, tile):
    """Writes the missing `.tflite` files and returns their restorers."""
    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import sidecar_path

    folder = stages.out / "export"
    folder.mkdir(exist_ok=True)
    exported = {}
    for stage in ("mobile", "mobile_plain", "mobile_int8"):
        path = folder / f"{stage}.tflite"
        int8 = stage == "mobile_int8"
        # The sidecar is written last. Models trained in half precision are
        # exported in float32.
        if not sidecar_path(path).exists():
            export_tflite(
                stages.restorers[stage]
                if int8
                else load_restorer(stages.out / stage),
                path,
                to="int8" if int8 else "float32",
                tile=tile,
                sigma_range=stages.task.sigma_range,
            )
        exported[stage] = LiteRTRestorer(path, trial=False)
    return exported


def report(stages, exported, benchmarks):
    """Measures all networks, unless done before, and writes the report."""
    from kerasrestore.evaluation.distillation_report import Gain, write_report

    run, done = stages.run_options, stages.out / "report.json"
    settings = {
        **stages.arguments(STAGES[-1]),
        "benchmarks": [Path(data).name for data in benchmarks],
        "best": stages.best,
    }
    settings = json.loads(json.dumps(settings))
    if not (
        done.exists() and json.loads(done.read_text())["settings"] == settings
    ):
        write_report(
            stages.out,
            title(stages),
            [entry(stages, stage, exported) for stage in stages.restorers],
            [Gain(*gain) for gain in GAINS if gain[1] in stages.restorers],
            tasks=stages.tasks,
            validation=run.validation,
            degraded=run.validation_degraded,
            crop=stages.options.validation_crop,
            channels=stages.channels,
            benchmarks=benchmarks,
            notes=notes(stages),
            settings=settings,
        )
    print(f"report: {done.with_name('report.md')}", flush=True)


def title(stages):
    run, task = stages.run_options, stages.task
    setting = task.degradation
    if run.setting:
        strength = run.setting.replace(",", " to ")
        setting = f"{task.setting_argument} {strength}"
    return (
        f"Distillation of DANet, {'gray' if run.gray else 'colour'}, "
        f"{task.name}, {setting}"
    )


def entry(stages, stage, exported):
    from kerasrestore.evaluation.distillation_report import Entry

    options, folder = stages.options, stages.out / stage
    model, what, log = stages.restorers[stage], WHAT[stage], folder / "log.csv"
    counted = [model]
    if stage == "teacher" and options.teacher is not None:
        what, log = f"teacher, {Path(options.teacher).name}", None
    elif stage == "teacher":
        counted = [model.encoder, model.decoder]
        model = model.decoder
        what += "; encoder counted"
    elif stage == "mobile_int8":
        # The ranges that are trained are not part of the file.
        counted = [stages.restorers["mobile"]]
    return Entry(
        name=stage,
        what=what,
        restorer=exported.get(stage, model),
        log=log,
        parameters=sum(one.count_parameters() for one in counted),
        macs=sum(one.count_macs(256, 256) for one in counted) / 256**2,
        file=exported[stage].path if stage in exported else None,
    )


def notes(stages):
    options = stages.options
    found = []
    if options.teacher is None:
        found += [
            phase_1(stages),
            f"DANet: widths {options.danet_widths}, ADEBs "
            f"{options.danet_blocks} in the encoder and "
            f"{options.slim_blocks} in DANet-S; the paper's size is "
            "128,176,176,192, 3,3,2,1 and 1,1,1,1. "
            f"{options.teacher_steps} steps of {options.teacher_batch} "
            f"patches of {options.danet_patch}x{options.danet_patch} for the "
            f"teacher, {options.danet_steps} of {options.danet_batch} for "
            f"DANet-S, {options.danet_plain_steps or options.danet_steps} "
            "for DANet-S from scratch.",
            "DANetMobile's teacher is the better DANet-S on the validation "
            "images.",
        ]
    return [
        *found,
        f"DANetMobile: {options.mobile_steps} steps of "
        f"{options.mobile_batch} patches of "
        f"{options.mobile_patch}x{options.mobile_patch} with a teacher, "
        f"{options.mobile_plain_steps or options.mobile_steps} without; then "
        f"{options.int8_steps} more for int8, to reproduce the float network.",
        "One run each: differences of a few hundredths of a decibel may be "
        "chance.",
    ]


def phase_1(stages):
    """What the figures of the privileged teacher are."""
    best = stages.best["teacher"]
    told = (
        "In phase 1, the decoder restores with "
        f"{best['psnr']:.2f} dB behind the encoder, which sees the clean "
        f"image, and with {best['psnr_decoder']:.2f} dB alone. "
    )
    if stages.options.encoder_target == "clean":
        return told + (
            "It has been trained with the noise of the degraded images, on "
            "what the encoder makes of the clean ones."
        )
    return told + (
        "It has been trained on the encoder's imitations of degraded images, "
        "not on degraded images."
    )


def main(argv=None):
    keep_freed_memory()
    options, args = parse(sys.argv[1:] if argv is None else argv)
    distribution = open_distribution(args.strategy)
    stages = open_stages(options, args, distribution)
    for stage in stages.run():
        if distribution.is_chief:
            print(f"{stage}: {json.dumps(stages.best[stage])}", flush=True)
        if stage == args.until:
            return
    if distribution.is_chief:
        report(stages, export(stages, args.tile), args.benchmarks)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
