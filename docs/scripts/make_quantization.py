"""Writes the table of quantized files of docs/export.md.

python docs/scripts/make_quantization.py --data BSD400 \
    --benchmarks CBSD68 Kodak24 --out report

exports the colour preset to the numbers that are not shipped, calibrated on
--data, and measures all of them by `kerasrestore report`, whose files are put
into a folder for each benchmark.
"""

import argparse
from pathlib import Path

PRESET = "danet_mobile_denoise_color_blind_bsd400"
SIGMAS = (15, 25, 50)
PAGE = Path(__file__).parent.parent / "export.md"
START, END = "<!-- quality -->\n", "<!-- end of quality -->\n"


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="folder of training images")
    add("--benchmarks", nargs="+", required=True, help="folders of images")
    add("--out", type=Path, required=True, help="folder for the reports")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)

    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.sidecar import read_sidecar
    from kerasrestore.models import Restorer, get_preset

    preset = get_preset(PRESET)
    tile = read_sidecar(preset.tflite())["tile"]
    model = Restorer.from_preset(PRESET)
    args.out.mkdir(parents=True, exist_ok=True)
    files = {
        "float32": args.out / "float32.tflite",
        "float16": preset.tflite("float16"),
        "dynamic": args.out / "dynamic.tflite",
        "int8, post-training": args.out / "int8_after.tflite",
        "int8, quantization-aware, shipped": preset.tflite("int8"),
    }
    for name in ("float32", "dynamic", "int8, post-training"):
        to = name.partition(",")[0]
        if files[name].exists():
            continue
        export_tflite(
            model,
            files[name],
            to=to,
            tile=tile,
            calibration=args.data if to == "int8" else None,
        )
    lines = [
        "| | kB | set | "
        + " | ".join(f"sigma {sigma}" for sigma in SIGMAS)
        + " |",
        "|---|--:|---|" + "---|" * len(SIGMAS),
    ]
    rows = {name: [] for name in files}
    for data in args.benchmarks:
        out = args.out / Path(data).name
        if not measured(files.values(), out / "report.json"):
            measure(files.values(), data, out)
        for name, row in zip(rows, read(out / "report.json"), strict=True):
            rows[name].append((Path(data).name, row))
    for name, sets in rows.items():
        for data, entry in sets:
            cells = [
                f"{one['psnr']:.2f} ({lost(one)})" for one in entry["quality"]
            ]
            size = f"{entry['size_bytes'] / 1000:.0f}"
            lines.append(f"| {name} | {size} | {data} | {' | '.join(cells)} |")
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(START)
    tail = rest.partition(END)[2]
    table = "\n".join(lines)
    PAGE.write_text(f"{head}{START}{table}\n{END}{tail}", encoding="utf-8")


def measured(files, path):
    """Whether there is a report of these files as they are now."""
    from kerasrestore.models.presets import file_sha256

    return path.exists() and (
        [entry["sha256"] for entry in read(path)]
        == list(map(file_sha256, files))
    )


def measure(files, data, out):
    from kerasrestore.cli.main import main as command

    sigmas = ",".join(map(str, SIGMAS))
    words = [*map(str, files), "--data", data, "--setting", sigmas]
    code = command(["report", *words, "--out", str(out)])
    if code:
        raise SystemExit(code)


def read(path):
    import json

    return json.loads(path.read_text(encoding="utf-8"))["files"]


def lost(one):
    """Decibels lost against float32, mean and worst image."""
    if one.get("loss_db") is None:
        return "0"
    return f"-{one['loss_db']:.3f}, worst -{one['worst_loss_db']:.3f}"


if __name__ == "__main__":
    main()
