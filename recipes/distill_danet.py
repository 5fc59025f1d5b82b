"""Trains DANet's family from the privileged teacher to the phone, in stages.

python recipes/distill_danet.py --data BSD400 --validation BSD32_val \
    --out runs/distill --benchmarks CBSD68

1. `teacher`: encoder and decoder, with the imitation loss
2. `danet_s`: DANet-S from the teacher's decoder; `danet_s_plain`: from scratch
3. `mobile`: DANetMobile, taught by the better DANet-S or by `--teacher`;
   `mobile_plain`: the same without a teacher
4. `mobile_int8`: quantization-aware fine-tuning, still taught
5. the `.tflite` files, in `export`
6. `report.md` with its figures (`report.json`) and pictures

Every stage has its folder. Killed and started again with the same command,
it goes on where it was; what is done is passed over.
"""

import argparse
import json
import sys
from pathlib import Path

from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.training.distillation.options import OPTIONS, STAGES
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
    "danet_s": "DANet-S from that decoder",
    "danet_s_plain": "DANet-S from scratch",
    "mobile": "DANetMobile, taught",
    "mobile_plain": "DANetMobile without a teacher",
    "mobile_int8": "DANetMobile, taught, int8",
}
GAINS = (
    ("start from the decoder", "danet_s", "danet_s_plain"),
    ("learning from the teacher", "mobile", "mobile_plain"),
    ("int8 in the place of float32", "mobile_int8", "mobile"),
)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="folder of training images")
    add("--validation", required=True, help="folder of validation images")
    add("--out", required=True, help="folder of the stages")
    add("--gray", action="store_true", help="train on gray images")
    add("--sigma-input", action="store_true", help="sigma is a second input")
    add("--teacher", help="preset or run that teaches in place of DANet-S")
    for option in OPTIONS:
        small = "" if option.smoke is None else f", smoke {option.smoke}"
        add(
            f"--{option.name}",
            type=str if option.default is None else type(option.default),
            help=f"{option.help}; {option.default}{small}",
        )
    add("--smoke", action="store_true", help="all tiny, to see that it runs")
    add("--until", choices=STAGES, help="end after this stage")
    add("--strategy", choices=STRATEGIES, default="auto", help="devices")
    add("--tile", type=int, help="side of the files' tile; 384, smoke 96")
    add("--benchmarks", nargs="*", default=[], help="folders, at the end")
    add("--quiet", action="store_true", help="show no progress")
    args = parser.parse_args(argv)
    for option in OPTIONS:
        if getattr(args, option.key) is None:
            small = args.smoke and option.smoke is not None
            value = option.smoke if small else option.default
            setattr(args, option.key, value)
    args.tile = args.tile or (96 if args.smoke else 384)
    return args


def export(stages, tile):
    """Writes the `.tflite` files that are not there yet; gives restorers."""
    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import sidecar_path

    folder = stages.out / "export"
    folder.mkdir(exist_ok=True)
    exported = {}
    for stage in ("mobile", "mobile_plain", "mobile_int8"):
        path = folder / f"{stage}.tflite"
        int8 = stage == "mobile_int8"
        # The sidecar is written last. What was trained in half precision is
        # written in float32.
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


def report(stages, exported):
    """Measures everything once and writes the report."""
    from kerasrestore.evaluation.distillation_report import Gain, write_report

    args, done = stages.args, stages.out / "report.json"
    settings = {
        **stages.arguments(STAGES[-1]),
        "benchmarks": [Path(data).name for data in args.benchmarks],
        "best": stages.best,
    }
    settings = json.loads(json.dumps(settings))
    if not (
        done.exists() and json.loads(done.read_text())["settings"] == settings
    ):
        low, high = stages.task.sigma
        write_report(
            stages.out,
            f"Distillation of DANet, {'gray' if args.gray else 'colour'}, "
            f"sigma {low:g} to {high:g}",
            [entry(stages, stage, exported) for stage in stages.restorers],
            [Gain(*gain) for gain in GAINS if gain[1] in stages.restorers],
            tasks=stages.tasks,
            validation=args.validation,
            crop=args.validation_crop,
            channels=stages.channels,
            benchmarks=args.benchmarks,
            notes=notes(stages),
            settings=settings,
        )
    print(f"report: {done.with_name('report.md')}", flush=True)


def entry(stages, stage, exported):
    from kerasrestore.evaluation.distillation_report import Entry

    args, folder = stages.args, stages.out / stage
    model, what, log = stages.restorers[stage], WHAT[stage], folder / "log.csv"
    counted = [model]
    if stage == "teacher" and args.teacher is not None:
        what, log = f"teacher, {Path(args.teacher).name}", None
    elif stage == "teacher":
        counted = [model.encoder, model.decoder]
        model = model.decoder
        what += "; encoder counted"
    elif stage == "mobile_int8":
        # What is added for the training is no part of the file.
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
    args = stages.args
    found = []
    if args.teacher is None:
        teacher = stages.best["teacher"]
        found += [
            "The privileged teacher, given the clean image, reproduces it "
            f"with {teacher['psnr']:.2f} dB. Its decoder has seen no noisy "
            "image yet.",
            f"DANet: widths {args.danet_widths}, ADEBs {args.danet_blocks} "
            f"in the encoder and {args.slim_blocks} in DANet-S; the paper's "
            "size is 128,176,176,192, 3,3,2,1 and 1,1,1,1. "
            f"{args.teacher_steps} steps of {args.teacher_batch} patches of "
            f"{args.danet_patch}x{args.danet_patch} for the teacher, "
            f"{args.danet_steps} of {args.danet_batch} for each DANet-S.",
            "DANetMobile's teacher is the better DANet-S on the validation "
            "images.",
        ]
    return [
        *found,
        f"DANetMobile: {args.mobile_steps} steps of {args.mobile_batch} "
        f"patches of {args.mobile_patch}x{args.mobile_patch}, with and "
        f"without a teacher; then {args.int8_steps} with rounding, which the "
        "float networks did not have.",
        "One run each: differences of a few hundredths of a decibel may be "
        "chance.",
    ]


def main(argv=None):
    keep_freed_memory()
    args = parse(sys.argv[1:] if argv is None else argv)
    distribution = open_distribution(args.strategy)
    stages = DistillationStages(Path(__file__).name, args, distribution)
    with distribution.scope():
        for stage in stages.run():
            if distribution.is_chief:
                print(f"{stage}: {json.dumps(stages.best[stage])}", flush=True)
            if stage == args.until:
                return
    if distribution.is_chief:
        report(stages, export(stages, args.tile))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
