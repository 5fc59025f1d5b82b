"""Trains DANet's family from the privileged teacher to the phone, in stages.

python recipes/distill_danet.py --data BSD400 --validation BSD32_val \
    --out runs/distill --benchmarks CBSD68

1. `teacher`: encoder and decoder, with the imitation loss
2. `danet_s`: DANet-S initialized with the teacher's decoder;
   `danet_s_plain`: DANet-S from scratch
3. `mobile`: DANetMobile, taught by the better DANet-S or by `--teacher`;
   `mobile_plain`: the same without a teacher
4. `mobile_int8`: quantization-aware fine-tuning with the same teacher
5. the `.tflite` files, in `export`
6. `report.md` with its figures (`report.json`) and pictures

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
    STRATEGIES,
    open_distribution,
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
    """Options of the stages, and the remaining arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    DistillationOptions.add_to(add)
    add("--smoke", action="store_true", help="tiny networks, to try it out")
    add("--until", choices=STAGES, help="stop after this stage")
    add("--strategy", choices=STRATEGIES, default="auto", help="devices")
    add("--tile", type=int, help="tile size of the files; 384, smoke: 96")
    add("--benchmarks", nargs="*", default=[], help="folders to measure on")
    args = parser.parse_args(argv)
    args.tile = args.tile or (96 if args.smoke else 384)
    return DistillationOptions.from_args(args, args.smoke), args


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

    options, done = stages.options, stages.out / "report.json"
    settings = {
        **stages.arguments(STAGES[-1]),
        "benchmarks": [Path(data).name for data in benchmarks],
        "best": stages.best,
    }
    settings = json.loads(json.dumps(settings))
    if not (
        done.exists() and json.loads(done.read_text())["settings"] == settings
    ):
        low, high = stages.task.sigma
        write_report(
            stages.out,
            f"Distillation of DANet, {'gray' if options.gray else 'colour'}, "
            f"sigma {low:g} to {high:g}",
            [entry(stages, stage, exported) for stage in stages.restorers],
            [Gain(*gain) for gain in GAINS if gain[1] in stages.restorers],
            tasks=stages.tasks,
            validation=options.validation,
            crop=options.validation_crop,
            channels=stages.channels,
            benchmarks=benchmarks,
            notes=notes(stages),
            settings=settings,
        )
    print(f"report: {done.with_name('report.md')}", flush=True)


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
        teacher = stages.best["teacher"]
        found += [
            "The privileged teacher, given the clean image, reproduces it "
            f"with {teacher['psnr']:.2f} dB. Its decoder has not been trained "
            "on noisy images yet.",
            f"DANet: widths {options.danet_widths}, ADEBs "
            f"{options.danet_blocks} in the encoder and "
            f"{options.slim_blocks} in DANet-S; the paper's size is "
            "128,176,176,192, 3,3,2,1 and 1,1,1,1. "
            f"{options.teacher_steps} steps of {options.teacher_batch} "
            f"patches of {options.danet_patch}x{options.danet_patch} for the "
            f"teacher, {options.danet_steps} of {options.danet_batch} for "
            "each DANet-S.",
            "DANetMobile's teacher is the better DANet-S on the validation "
            "images.",
        ]
    return [
        *found,
        f"DANetMobile: {options.mobile_steps} steps of "
        f"{options.mobile_batch} patches of "
        f"{options.mobile_patch}x{options.mobile_patch}, with and without a "
        f"teacher; then {options.int8_steps} more for int8, which the float "
        "networks did not get.",
        "One run each: differences of a few hundredths of a decibel may be "
        "chance.",
    ]


def main(argv=None):
    keep_freed_memory()
    options, args = parse(sys.argv[1:] if argv is None else argv)
    distribution = open_distribution(args.strategy)
    stages = DistillationStages(Path(__file__).name, options, distribution)
    with distribution.scope():
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
