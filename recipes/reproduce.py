"""Prints or runs the commands behind a table of the four papers.

python recipes/reproduce.py --list
python recipes/reproduce.py --table panet:7
python recipes/reproduce.py --table panet:7 --run --fraction 0.01 -- --seed 1

The first lists the tables, the second prints the commands of each row beside
the paper's figures, the third runs them with a hundredth of the training
steps. What follows `--` is added to the training commands. If interrupted,
restart it with the same command: what is finished is not repeated. Rows with
the same training share it, in other tables too.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from kerasrestore.evaluation.paper_tables import (
    PAPERS,
    paper_title,
    parse_reference,
    table_kind,
)
from kerasrestore.files import write_atomically
from kerasrestore.training.recipe.reproduction import SCORES, Reproduction

HERE = Path(__file__).resolve().parent


def parse(argv):
    """The arguments, and those after `--`."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="What follows -- is added to the training commands.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="list all tables")
    what.add_argument(
        "--table", nargs="+", metavar="PAPER:N", help="tables, such as panet:7"
    )
    add = parser.add_argument
    add("--row", nargs="+", metavar="NAME", help="only these rows")
    add("--run", action="store_true", help="run the commands")
    add(
        "--fraction",
        type=float,
        default=1.0,
        help="train for this fraction of the steps, with the learning rate "
        "falling as much earlier (default: 1)",
    )
    add(
        "--datasets",
        default="data",
        metavar="DIR",
        help="folder with a folder for each data set (default: %(default)s)",
    )
    add(
        "--folder",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="folder of a data set that is elsewhere, such as "
        "Urban100=photos/urban; may be repeated",
    )
    add(
        "--out",
        default="runs",
        metavar="DIR",
        help="folder for the training runs (default: %(default)s)",
    )
    argv = sys.argv[1:] if argv is None else list(argv)
    end = argv.index("--") if "--" in argv else len(argv)
    return parser.parse_args(argv[:end]), argv[end + 1 :]


def main(argv=None):
    args, extra = parse(argv)
    folders = dict(text.partition("=")[::2] for text in args.folder)
    if not all(folders.values()) or "" in folders:
        raise ValueError(
            "--folder takes NAME=DIR, such as Urban100=photos/urban, got "
            f"{', '.join(args.folder)}."
        )
    commands = Reproduction(
        HERE, args.datasets, folders, args.out, args.fraction, extra
    )
    if args.list:
        list_tables(commands)
        return
    rows = {table: chosen(commands, table, args.row) for table in args.table}
    if args.run:
        check_folders(commands, rows)
    for table, methods in rows.items():
        show(commands, table, methods, args.run)


def list_tables(commands):
    for paper in PAPERS:
        number = 1
        while True:
            try:
                parse_reference(f"{paper}:{number}")
            except ValueError:
                break
            table = f"{paper}:{number}"
            methods = commands.methods(table)
            own = [one for one in methods if commands.row(table, one)]
            print(
                f"{table:<9}{table_kind(paper, number):<11}"
                f"{paper_title(paper, number)} ({len(own)} of {len(methods)} "
                "rows)"
            )
            number += 1


def chosen(commands, table, wanted):
    """Rows of a table that this package has, or those of them wanted."""
    own = [one for one in commands.methods(table) if commands.row(table, one)]
    for name in wanted or ():
        if name not in own:
            raise ValueError(
                f"{table} has no row {name!r} of this package; choose from "
                f"{', '.join(own)}."
            )
    return [one for one in own if wanted is None or one in wanted]


def check_folders(commands, rows):
    """Raises ValueError if folders of images are missing."""
    missing = {}
    for table, methods in rows.items():
        for training in (
            one for name in methods for one in commands.trainings(table, name)
        ):
            for part in (training, *training.measurements):
                missing |= {
                    folder: None
                    for folder in part.folders
                    if not Path(folder).is_dir()
                }
    if missing:
        raise ValueError(
            f"{', '.join(missing)} do not exist; put the data sets there, or "
            "give --datasets or --folder NAME=DIR."
        )


def show(commands, table, methods, run):
    """Prints the commands of a table, and runs them if asked to."""
    paper, number = parse_reference(table)
    print(f"{PAPERS[paper]}, table {number}: {paper_title(paper, number)}")
    for method in methods:
        row = commands.row(table, method)
        print(f"\n{method}" + (f" ({row['note']})" if "note" in row else ""))
        for training in commands.trainings(table, method):
            if training.script:
                print(f"# {training.length}")
                train(training.script, training.words, run)
            if training.counts:
                print(f"# paper: {'; '.join(training.counts)}")
                train(training.counted[0], training.counted[1:], run)
            for case in training.measurements:
                print(f"# {case.label}: paper {scores(case.figures)}")
                print(shlex.join(["kerasrestore", "evaluate", *case.words]))
                if run:
                    found = measure(case, Path(commands.out))
                    print(f"# {case.label}: here {scores(found)}", flush=True)
    others = [
        one for one in commands.methods(table) if not commands.row(table, one)
    ]
    if others:
        print(f"\nRows of other packages: {', '.join(others)}")


def train(script, words, run):
    print(shlex.join(["python", f"recipes/{script}", *words]), flush=True)
    if run:
        command = [sys.executable, str(HERE / script), *words]
        subprocess.run(command, check=True)


def measure(case, out):
    """PSNR and SSIM of a measurement, made unless it was made before."""
    name = re.sub(r"[^\w.]+", "_", f"{case.label} {' '.join(case.words[-5:])}")
    kept = Path(case.run or out) / "measured" / f"{name}.json"
    # A training that went on has better weights since.
    best = Path(case.run or out) / "best.json"
    made_on = json.loads(best.read_text()) if case.run else None
    before = json.loads(kept.read_text()) if kept.exists() else {}
    if (before.get("words"), before.get("best")) != (
        list(case.words),
        made_on,
    ):
        words = ["-m", "kerasrestore", "evaluate", *case.words, "--json"]
        done = subprocess.run(
            [sys.executable, *words],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        mean = json.loads(done.stdout)["mean"]
        before = {"words": case.words, "best": made_on, "mean": mean}
        kept.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(before, indent=1).encode()
        write_atomically(kept, lambda file: file.write(text))
    return {
        score: value
        for score in SCORES
        for metric, value in before["mean"].items()
        if metric.startswith(f"{score}_") and value is not None
    }


def scores(figures):
    """PSNR and SSIM as text."""
    texts = {
        "psnr": "{:.2f} dB".format,
        "ssim": "SSIM {:.4f}".format,
    }
    return ", ".join(texts[name](value) for name, value in figures.items())


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
    except subprocess.CalledProcessError as error:
        # The command has said what is wrong.
        sys.exit(error.returncode)
