"""Compares ways to train a student in the same time, its teacher's included.

python recipes/benchmarks/training/compare_distillation.py --data BSD400 \
    --validation BSD32_val --benchmarks Kodak24 --out runs/compare --minutes 15

Five rows of equal length: a small DANet-S alone, with phase 1 in the paper's
form, and with phase 1 whose decoder meets noise; DANetMobile alone, and taught
by a wide DANetMobile. First every stage is run for a few steps; its number of
steps follows from its measured rate and is kept in `steps.json`, so that the
same command resumes. Options after `--` go to all recipes, such as
`-- --gray --setting 25`.
"""

import argparse
import csv
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from kerasrestore.files import write_atomically

RECIPES = Path(__file__).parents[2]
# A DANet that learns something on two processor cores in a few minutes.
DANET = (
    "--danet-widths 16,32,48 --danet-blocks 1,0,0 --slim-blocks 0,0,0 "
    "--offset-width 16 --danet-patch 64 --teacher-batch 8 --danet-batch 8 "
    "--danet-rate 1e-3"
)
WIDE = "--widths 96,192,384 --encoder-blocks 1,1 --decoder-blocks 2,2"
SMOKE_WIDE = (
    "--widths 16,24,32 --encoder-blocks 1,1 --decoder-blocks 1,1 "
    "--middle-blocks 1 --patch-size 16 --batch-size 2"
)
# Folder of a command -> its recipe, its options, and for each of its stages
# the option for the number of steps and the share of a row's time.
COMMANDS = {
    "paper": (
        "distill_danet.py",
        f"{DANET} --encoder-target degraded --until danet_s_plain",
        {
            "teacher": ("--teacher-steps", 0.5),
            "danet_s": ("--danet-steps", 0.5),
            "danet_s_plain": ("--danet-plain-steps", 1),
        },
    ),
    "noise": (
        "distill_danet.py",
        f"{DANET} --encoder-target clean --until danet_s",
        {
            "teacher": ("--teacher-steps", 0.5),
            "danet_s": ("--danet-steps", 0.5),
        },
    ),
    "wide": ("train_danet_mobile.py", WIDE, {"": ("--steps", 0.5)}),
    "mobile": (
        "distill_danet.py",
        "--until mobile_plain",
        {
            "mobile": ("--mobile-steps", 0.5),
            "mobile_plain": ("--mobile-plain-steps", 1),
        },
    ),
}
# What is compared -> the stages that are trained for it, the student last.
ROWS = {
    "DANet-S alone": ["paper/danet_s_plain"],
    "DANet-S, phase 1 of the paper": ["paper/teacher", "paper/danet_s"],
    "DANet-S, phase 1 with noise": ["noise/teacher", "noise/danet_s"],
    "DANetMobile alone": ["mobile/mobile_plain"],
    "DANetMobile, wide teacher": ["wide", "mobile/mobile"],
}
# Validations of a stage that takes all of a row's time.
VALIDATIONS = 8


def parse(argv):
    """Parsed arguments, and the options for all recipes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="folder of training images")
    add("--validation", required=True, help="folder of validation images")
    add("--benchmarks", nargs="*", default=[], help="folders to measure on")
    add("--out", type=Path, required=True, help="folder of all runs")
    add("--minutes", type=float, default=15, help="length of a row")
    add("--trial", type=int, default=20, help="half the steps of a trial")
    add("--smoke", action="store_true", help="two steps of tiny networks")
    end = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:end])
    if args.minutes <= 0 or args.trial < 2:
        parser.error("--minutes must be above 0 and --trial at least 2.")
    return args, argv[end + 1 :]


def command(name, args, out, steps, every, extra):
    """Words of a recipe's command line.

    Args:
        name: one of `COMMANDS`.
        args: parsed arguments.
        out: folder of all runs.
        steps: dictionary, stage -> number of steps.
        every: steps between validations.
        extra: options for all recipes.
    """
    recipe, options, stages = COMMANDS[name]
    if args.smoke:
        if name == "wide":
            options = SMOKE_WIDE
        else:
            options = options.replace(DANET, "") + " --smoke"
    words = [sys.executable, RECIPES / recipe, "--data", args.data]
    words += ["--validation", args.validation, "--out", out / name]
    words += [*shlex.split(options), *extra]
    if name == "mobile":
        words += ["--teacher", out / "wide"]
    for stage, (option, _) in stages.items():
        words += [option, steps[stage]]
    words += ["--validate-every", every]
    words += ["--validation-crop", 24 if args.smoke else 128, "--quiet"]
    return list(map(str, words))


def run(words):
    print(shlex.join(words), flush=True)
    subprocess.run(words, check=True)


def read_times(folder):
    """Seconds since the start of a run, by the steps of its log."""
    with open(folder / "log.csv", newline="") as file:
        rows = [
            (int(row["step"]), float(row["steps_per_second"]))
            for row in csv.DictReader(file)
        ]
    return {step: step / rate for step, rate in rows}


def steps_within(seconds, times, validations):
    """Number of steps that take a given time.

    Args:
        seconds: the time.
        times: as `read_times` of a trial gives it, with validations after k,
            2k and 2k + 1 steps.
        validations: number of validations in the time.

    Raises:
        ValueError: if the time is too short, or the trial was.

    Example:
    >>> steps_within(100, {10: 7.0, 20: 14.0, 21: 16.5}, validations=4)
    180
    """
    (first, one), (_, two), (_, three) = sorted(times.items())
    step = ((two - one) - (three - two)) / (first - 1)
    if step <= 0:
        raise ValueError(
            f"{first} steps are too few to measure a step, as a validation "
            "takes much longer; raise --trial."
        )
    validation = max(0.0, three - two - step)
    start = max(0.0, one - first * step)
    found = int((seconds - start - validations * validation) / step)
    if found < 1:
        raise ValueError(
            f"{seconds:.0f} s are too short for a stage that takes {start:.0f} "
            f"s to start and {validation:.0f} s for each of {validations} "
            "validations; raise --minutes."
        )
    return found


def plan(args, extra):
    """Dictionary, command -> stage -> number of steps."""
    if args.smoke:
        return {
            name: dict.fromkeys(stages, 2)
            for name, (_, _, stages) in COMMANDS.items()
        }
    trial = args.out / "trial"
    # A resumed trial would not measure the start.
    shutil.rmtree(trial, ignore_errors=True)
    found = {}
    for name, (_, _, stages) in COMMANDS.items():
        short = dict.fromkeys(stages, 2 * args.trial + 1)
        run(command(name, args, trial, short, args.trial, extra))
        found[name] = {
            stage: steps_within(
                60 * args.minutes * share,
                read_times(trial / name / stage),
                round(VALIDATIONS * share),
            )
            for stage, (_, share) in stages.items()
        }
    return found


def write(path, value):
    text = json.dumps(value, indent=1) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: file.write(text.encode()))


def measure(folder, args):
    """PSNR of a student by data set and setting."""
    from kerasrestore.evaluation.evaluate import evaluate
    from kerasrestore.training.recipe.load_run import load_run

    model, run_of_it = load_run(folder)
    found = {}
    for data in [args.validation, *args.benchmarks]:
        scores = found.setdefault(Path(data).resolve().name, {})
        for task in run_of_it.task.validation_tasks():
            result = evaluate(model, task, data, gray=model.channels == 1)
            if result.failed:
                raise ValueError(
                    f"{result.failed[0]['name']} could not be evaluated: "
                    f"{result.failed[0]['error']}"
                )
            psnr = result.mean[f"psnr_{result.protocol}"]
            scores[task.setting_name] = psnr
    return found


def show(rows):
    """Prints the rows as Markdown."""
    sets = next(iter(rows.values()))["psnr"]
    heads = [f"{data}, {' / '.join(scores)}" for data, scores in sets.items()]
    print("| | steps | minutes |", " | ".join(heads), "|")
    print("|---|---|---|" + "---|" * len(heads))
    for name, row in rows.items():
        cells = [
            " / ".join(f"{value:.2f}" for value in scores.values())
            for scores in row["psnr"].values()
        ]
        steps = " + ".join(map(str, row["steps"]))
        minutes = " + ".join(f"{value:.1f}" for value in row["minutes"])
        print(f"| {name} | {steps} | {minutes} |", " | ".join(cells), "|")


def main(argv=None):
    args, extra = parse(sys.argv[1:] if argv is None else argv)
    settings = {
        "minutes": args.minutes,
        "smoke": args.smoke,
        "extra": extra,
    }
    path = args.out / "steps.json"
    if not path.exists():
        write(path, {**settings, "steps": plan(args, extra)})
    kept = json.loads(path.read_text(encoding="utf-8"))
    steps = kept.pop("steps")
    if kept != settings:
        raise ValueError(
            f"{args.out} holds a comparison with {kept}, got {settings}; use "
            "another folder."
        )
    for name, (_, _, stages) in COMMANDS.items():
        every = min(
            steps[name][stage] // round(VALIDATIONS * share)
            for stage, (_, share) in stages.items()
        )
        run(command(name, args, args.out, steps[name], max(1, every), extra))
    rows = {}
    for name, stages in ROWS.items():
        times = [read_times(args.out / stage) for stage in stages]
        rows[name] = {
            "steps": [max(one) for one in times],
            "minutes": [one[max(one)] / 60 for one in times],
            "psnr": measure(args.out / stages[-1], args),
        }
    write(args.out / "comparison.json", rows)
    show(rows)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
