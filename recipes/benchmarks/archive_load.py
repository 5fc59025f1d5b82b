"""Restores a made-up archive, killing the command again and again.

    python recipes/benchmarks/archive_load.py --out FOLDER [--photos 2000]
        [--workers 2] [--kills 5]

Makes mixed images (gray, colour, 16 bits, alpha, EXIF; JPEG, PNG, TIFF and
WebP; one in twenty damaged), restores them without disturbance in one
process, then with --workers processes that are killed (SIGKILL, the whole
group) at random moments and started again. At the end every output must have
the bytes of the undisturbed run, nothing else may be there, and the report
must name each photo. Prints a JSON object: what was wrong, seconds and photos
a second of both, and the resident memory of each worker over time.

Linux only, as memory is read from /proc.
"""

import argparse
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

PERIOD = 1.0
# Seconds after a photo is done that pass at most before the command is killed.
DELAY = 0.3
SIDES = (24, 160)


def make_photo(path, index, rng):
    """Writes a photo whose kind and content depend on its number.

    Returns:
        Its path, or that of the damaged file in its place.
    """
    height, width = rng.integers(*SIDES, 2)
    ramp = np.linspace(0, 200, width)[None, :, None]
    pixels = np.clip(
        ramp + rng.normal(20, 15, (height, width, 4)), 0, 255
    ).astype("uint8")
    exif = Image.Exif()
    exif[0x010E] = f"photo {index}"
    kind = index % 7
    if kind == 0:
        name, image = ".jpg", Image.fromarray(pixels[..., :3])
    elif kind == 1:
        name, image = ".png", Image.fromarray(pixels)  # alpha
    elif kind == 2:
        name, image = ".png", Image.fromarray(pixels[..., 0])
    elif kind == 3:
        deep = pixels[..., 0].astype("uint16") * 257
        name, image = ".png", Image.fromarray(deep)
    elif kind == 4:
        name, image = ".tif", Image.fromarray(pixels[..., :3])
    elif kind == 5:
        name, image = ".webp", Image.fromarray(pixels[..., :3])
    else:
        name, image = ".jpg", Image.fromarray(pixels[..., 0])
    file = io.BytesIO()
    image.save(file, Image.registered_extensions()[name], exif=exif)
    data = file.getvalue()
    if index % 20 == 13:
        data = data[: len(data) // 3]
    path = path / f"{index // 100:03}" / f"{index}{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def command(source, target, *more):
    return [
        *(sys.executable, "-m", "kerasrestore", "restore"),
        *(str(source), str(target), "--quiet", *map(str, more)),
    ]


def run(words, memory, kill=None):
    """Runs the command in a process group of its own.

    Args:
        words: the command.
        memory: dictionary from process to a list of its resident MB over
            time, which is added to.
        kill: report, number of its lines at which the group is killed, and
            seconds that are waited then.

    Returns:
        Exit code and seconds.
    """
    begun = last = time.monotonic()
    process = subprocess.Popen(
        words, start_new_session=True, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        now = time.monotonic()
        if kill is not None and lines_of(kill[0]) >= kill[1]:
            time.sleep(kill[2])
            os.killpg(process.pid, signal.SIGKILL)
            break
        if now - last > PERIOD:
            last = now
            for pid in workers_of(process.pid):
                megabytes = resident(pid)
                if megabytes:
                    memory.setdefault(pid, []).append(megabytes)
        time.sleep(0.05)
    return process.wait(), time.monotonic() - begun


def lines_of(report):
    """Lines of a report, which may not be there yet."""
    return report.read_bytes().count(b"\n") if report.exists() else 0


def workers_of(pid):
    """The process and its children that restore photos."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *map(int, text.split())]


def resident(pid):
    """Resident memory of a process in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def contents(folder):
    """Dictionary from relative path to content of every file."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check(source, plain, killed, report):
    """Sentences on what is wrong after all runs."""
    wrong = []
    wanted, found = contents(plain), contents(killed)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            state = "differs" if name in wanted and name in found else "is odd"
            wrong.append(f"{name} {state}")
    names = [str(p) for p in source.rglob("*") if p.is_file()]
    outcome = {}
    lines = report.read_text().splitlines()
    for entry in map(json.loads, lines):
        restored = entry["outcome"] != "failed"
        if restored and outcome.get(entry["source"]):
            wrong.append(f"{entry['source']} was restored twice")
        outcome[entry["source"]] = restored
    for name in names:
        there = os.path.relpath(name, source) in wanted
        if outcome.get(name) is not there:
            wrong.append(f"{name} is reported as {outcome.get(name)}")
    return wrong


def load(out, photos, workers, kills, seed=0, timed=True):
    """Makes the archive, restores it both ways and compares.

    Args:
        out: folder for all of it.
        photos: how many.
        workers: how many.
        kills: how often the command is killed.
        seed: of the photos and the moments.
        timed: whether to restore it undisturbed with the workers, too.

    Returns:
        The JSON object that is printed.
    """
    source, plain, killed = out / "in", out / "plain", out / "killed"
    report = out / "report.jsonl"
    rng, moments = np.random.default_rng(seed), random.Random(seed)
    for index in range(photos):
        make_photo(source, index, rng)
    memory = {"one": {}, "workers": {}}
    code, seconds = run(command(source, plain), memory["one"])
    figures = {"photos": photos, "one process": seconds, "exit codes": [code]}
    words = command(source, killed, "--workers", workers, "--report", report)
    # Shares of the photos that are done when the command is killed.
    for share in sorted(moments.uniform(0.0, 0.7) for _ in range(kills)):
        moment = report, round(share * photos), moments.uniform(0, DELAY)
        code, _ = run(words, {}, moment)
        figures["exit codes"].append(code)
    code, _ = run(words, {})
    figures["exit codes"].append(code)
    figures["wrong"] = check(source, plain, killed, report)
    if timed:
        shutil.rmtree(killed)
        words = command(source, killed, "--workers", workers)
        _, figures["workers"] = run(words, memory["workers"])
    figures["restored"] = len(contents(plain))
    figures["MB over time"] = {
        name: {pid: thinned(values) for pid, values in found.items()}
        for name, found in memory.items()
    }
    return figures


def thinned(values, most=12):
    """At most that many of a list's values, the last one included."""
    step = max(1, len(values) // most)
    return [*values[::step], values[-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.out.exists():
        parser.error(f"{args.out} exists; give a new folder.")
    figures = load(args.out, args.photos, args.workers, args.kills, args.seed)
    print(json.dumps(figures, indent=1))
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
