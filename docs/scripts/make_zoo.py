"""Writes the model zoo from the cards: `python docs/scripts/make_zoo.py`.

`docs/zoo/index.md` and `presets.csv` list all presets of the package, and each
has a page of its own. Pages of presets that are gone are removed. A test fails
where the pages do not agree with the cards.
"""

import csv
import io
from pathlib import Path

from kerasrestore import presets
from kerasrestore.tasks import get_task

ROOT = Path(__file__).parents[2]
ZOO = ROOT / "docs" / "zoo"
# Path from a page to the top of the repository.
UP = "../../.."
INTRODUCTION = """---
hide:
  - toc
---

# Model zoo

All trained models in the package, from their cards. Click on the head of a
column to sort; [presets.csv](presets.csv) has the same rows. A name leads to
the card: training, terms, limits, quality, files. Names say model, task,
detail and training data. MACs are multiply-accumulates per input pixel, sizes
those of the `.tflite` files. Quality is PSNR on one set in one setting, from
the card; [Measured quality](../../README.md#measured-quality) compares with
others and has the figures on real photos.
"""
# What a preset cannot do follows from what it was trained on: for each task
# and degradation.
LIMITS = {
    ("denoise", "gaussian"): (
        "It was trained on white Gaussian noise alone and leaves most of the "
        "noise of cameras, film and JPEG files in, as that is not white."
    ),
    ("denoise", "camera"): (
        "Fine, regular texture, above all of cloth, can be taken for noise: "
        "compare with a lower `--strength`. Blurred photos do not become "
        "sharp."
    ),
    ("demosaic", "mosaic"): (
        "It was trained on mosaics without noise and without white balance or "
        "gamma of a camera's own: it does not replace a raw converter."
    ),
    ("jpeg", "recompressed"): (
        "Where a file is nearly free of artifacts, such as at quality 95, it "
        "can lose more than it gains. Detail that compression has erased does "
        "not come back."
    ),
    ("super_resolution", "bicubic"): (
        "It enlarges images that were shrunk bicubically, without noise; noise "
        "and JPEG artifacts of photos are enlarged, too."
    ),
    ("super_resolution", "camera"): (
        "It enlarges what is there and invents no detail; on clean, shrunk "
        "images the classical preset is better."
    ),
}
COLUMNS = (
    "preset",
    "task",
    "channels",
    "scale",
    "parameters",
    "MACs",
    "float16, MB",
    "int8, MB",
    "trained on",
    "terms",
    "quality",
)


def main():
    wanted = pages(presets())
    for path in (*ZOO.rglob("*.md"), *ZOO.rglob("*.csv")):
        if path.relative_to(ZOO).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = ZOO / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


def pages(found):
    """Files of the zoo: path below `docs/zoo` -> text."""
    files = {"index.md": _index(found), "presets.csv": _csv(found)}
    for preset in found:
        files[_page(preset)] = _card(preset)
    return files


def _page(preset):
    return f"{preset.task}/{preset.name}.md"


def _row(preset):
    """Values of a preset in the order of `COLUMNS`."""
    sizes = [
        f"{preset.card['exports'][kind]['bytes'] / 1e6:.2f}"
        if kind in preset.card.get("exports", {})
        else ""
        for kind in ("float16", "int8")
    ]
    return (
        preset.name,
        preset.task,
        {1: "gray", 3: "colour"}[preset.channels],
        str(preset.scale),
        f"{preset.parameters:,}",
        f"{preset.macs_per_pixel / 1e3:,.1f} k",
        *sizes,
        _data(preset),
        preset.license,
        _headline(preset),
    )


def _data(preset):
    """The training images in short: what stands before the explanation."""
    return preset.training_data.partition(" (")[0]


def _task(preset):
    return get_task(preset.task, preset.degradation.get("degradation"))


def _headline(preset):
    """PSNR in the middle setting of the first set."""
    for data, levels in preset.psnr.items():
        setting = list(levels)[len(levels) // 2]
        label = _setting(preset, setting)
        return f"{levels[setting]:.2f} dB, {data}{label and ', '}{label}"
    return ""


def _setting(preset, setting):
    """The setting in words, nothing where the task has only one."""
    words = _task(preset).describe_setting(setting)
    return "" if words == preset.task else words


def _index(found):
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    for preset in found:
        name, *values, quality = _row(preset)
        mark = " (default)" if preset.card.get("default") else ""
        quality = quality or "[real photos](../../README.md#measured-quality)"
        link = f"[`{name}`]({_page(preset)}){mark}"
        lines.append((link, *values, quality))
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return (
        f'{INTRODUCTION}\n<div class="sortable" markdown>\n\n{table}\n\n'
        "</div>\n\nWritten by `python docs/scripts/make_zoo.py`.\n"
    )


def _csv(found):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            "preset",
            "task",
            "degradation",
            "model",
            "channels",
            "scale",
            "default",
            "parameters",
            "macs_per_pixel",
            "float16_bytes",
            "int8_bytes",
            "training_data",
            "terms",
            "psnr",
        )
    )
    for preset in found:
        exports = preset.card.get("exports", {})
        writer.writerow(
            (
                preset.name,
                preset.task,
                preset.degradation.get("degradation", ""),
                preset.model,
                preset.channels,
                preset.scale,
                bool(preset.card.get("default")),
                preset.parameters,
                round(preset.macs_per_pixel),
                exports.get("float16", {}).get("bytes", ""),
                exports.get("int8", {}).get("bytes", ""),
                preset.training_data,
                preset.license,
                "; ".join(
                    f"{data} {setting} {psnr}"
                    for data, levels in preset.psnr.items()
                    for setting, psnr in levels.items()
                ),
            )
        )
    return text.getvalue()


def _card(preset):
    """Text of the page of a preset."""
    card, files = preset.card, f"{UP}/{preset.path.relative_to(ROOT)}"
    sections = [f"# {preset.name}", preset.description, _facts(preset)]
    if "crops" in preset.files:
        names = ", ".join(card.get("crops", ()))
        picture = f"{files}/{preset.files['crops']['file']}"
        before = "before" if preset.scale == 1 else "enlarged bicubically"
        sections += [
            "## Before and after",
            f"![Crops before and after]({picture})",
            f"Crops at 100 % of {names}: {before} on the left, by the preset "
            "on the right.",
        ]
    sections += ["## Limits", _limits(preset), "## Quality", _quality(preset)]
    sections += ["## Training", _training(preset)]
    if "curve" in preset.files:
        sections.append(
            f"![Training curve]({files}/{preset.files['curve']['file']})"
        )
    sections += ["## Files", _files(preset)]
    return "\n\n".join(sections) + "\n"


def _facts(preset):
    call = f'kerasrestore.{preset.model}.from_preset("{preset.name}")'
    rows = [
        ("task", preset.task),
        ("channels", {1: "1, gray", 3: "3, colour"}[preset.channels]),
        ("parameters", f"{preset.parameters:,}"),
        ("MACs per input pixel", f"{preset.macs_per_pixel:,.0f}"),
        ("terms of the weights", preset.license),
        ("default of its task", "yes" if preset.card.get("default") else "no"),
        ("command line", f"`--preset {preset.name}`"),
        ("Keras", f"`{call}`"),
    ]
    if preset.scale != 1:
        rows.insert(2, ("scale", str(preset.scale)))
    if preset.sigma_input:
        rows.insert(2, ("noise level", "an input, `--sigma`"))
    return _table(("", ""), rows)


def _limits(preset):
    kind = preset.degradation.get("degradation")
    settings = ", ".join(
        f"{key} {_value(value)}"
        for key, value in preset.degradation.get("config", {}).items()
    )
    lines = [
        LIMITS[preset.task, kind],
        f"Trained on the degradation `{kind}`: {settings}.",
    ]
    return "\n\n".join(lines)


def _value(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {share}" for key, share in value.items())
    if isinstance(value, list):
        if len({*value}) == 1:
            return f"{value[0]:g}"
        return " to ".join(f"{number:g}" for number in value)
    return {True: "yes", False: "no"}.get(value, str(value))


def _quality(preset):
    if not preset.quality:
        return (
            "The card has no figures on published sets, as none of them has "
            f"this degradation. [Measured quality]({UP}/README.md"
            "#measured-quality) has those on real photos and on simulated ones."
        )
    exports = preset.card.get("exports", {})
    kinds = [kind for kind in exports if exports[kind].get("psnr")]
    head = ("set", "setting", "protocol", "input", "PSNR", "SSIM", *kinds)
    rows = []
    for data, levels in preset.quality.items():
        for setting, figures in levels.items():
            (psnr,) = (key for key in figures if key.startswith("psnr"))
            (ssim,) = (key for key in figures if key.startswith("ssim"))
            noisy = figures.get(f"input_{psnr}")
            rows.append(
                (
                    data,
                    _setting(preset, setting),
                    f"`{psnr}`",
                    "" if noisy is None else f"{noisy:.2f}",
                    f"{figures[psnr]:.2f}",
                    f"{figures[ssim]:.3f}",
                    *(
                        f"{exports[kind]['psnr'][data][setting]:.2f}"
                        for kind in kinds
                    ),
                )
            )
    runtime = preset.card.get("measured", {}).get("runtime", "litert")
    runs = {"litert": "LiteRT", "keras": "Keras"}[runtime]
    return (
        f"{_table(head, rows)}\n\nPSNR in dB, mean of the images; measured "
        f"through {runs}."
        + (
            " The last columns are the PSNR of the `.tflite` files."
            if kinds
            else ""
        )
    )


def _training(preset):
    record = preset.card["training"]
    stages, stage = [], record
    while stage:
        stages.append(stage)
        stage = stage.get("start")
    hardware = record.get("hardware", "unknown hardware")
    lines = [f"On {preset.training_data}, on {hardware}."]
    if len(stages) > 1:
        lines.append(
            f"In {len(stages)} stages, each started from the one before:"
        )
    for one in reversed(stages):
        lines.append(
            f"{one['steps']:,} steps:\n\n<!-- not run: trains for hours -->\n"
            f"```sh\n{one['command']}\n```"
        )
    trained = preset.card.get("exports", {}).get("int8", {}).get("training")
    if trained:
        lines.append(
            "The int8 weights:\n\n<!-- not run: trains for long -->\n"
            f"```sh\n{trained['command']}\n```"
        )
    versions = record.get("versions")
    if versions:
        lines.append(
            "Versions: "
            + ", ".join(f"{name} {value}" for name, value in versions.items())
            + "."
        )
    return "\n\n".join(lines)


def _files(preset):
    rows = [
        (role, f"`{entry['file']}`", f"`{entry['sha256']}`")
        for role, entry in preset.files.items()
    ]
    return _table(("role", "file", "SHA-256"), rows)


def _table(head, rows):
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
