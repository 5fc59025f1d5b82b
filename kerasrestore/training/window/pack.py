"""All that training on a machine without network needs, in a small folder."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PIL import Image, ImageOps

from kerasrestore.data import list_images
from kerasrestore.files import replace_folder
from kerasrestore.models.presets import ROOT, find_preset
from kerasrestore.training.recipe.run_record import NAME

LARGEST = 64 * 2**20
# What is imported, apart from JAX and what it needs, NumPy and Pillow.
LIBRARIES = (
    "keras",
    "namex",
    "optree",
    "h5py",
    "absl-py",
    "packaging",
    "typing_extensions",
    "rich",
    "markdown-it-py",
    "mdurl",
    "pygments",
    "fastjsonschema",
)
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux1_x86_64",
)
# Compression that is lost in the noise of the patches.
QUALITY = 96
TRAIN = """\
#!/bin/sh
# Unpacks the libraries beside this file and trains; arguments as those of
# recipes/accelerator_window.py.
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -d "$here/site" ]; then
    python3 -m pip install --quiet --no-index --no-deps --no-compile \\
        --disable-pip-version-check --target "$here/site" \\
        "$here"/wheels/*.whl || exit
fi
export KERAS_BACKEND=jax PYTHONPATH="$here:$here/site"
exec python3 "$here/recipes/accelerator_window.py" "$@"
"""


def pack(
    folder,
    recipes,
    *,
    data,
    validation,
    start=None,
    scales=(1.0,),
    python="3.12",
    download=None,
):
    """Writes a folder with libraries, package, recipes and images.

    Args:
        folder: folder to write, replaced as a whole.
        recipes: folder of the recipes.
        data: folder of training images.
        validation: folder of validation images.
        start: preset or run folder to start from.
        scales: factors by which training images are shrunk, each a copy.
        python: version of Python there.
        download: function of names of libraries and a folder that puts their
            wheels there; pip unless given.

    Returns:
        Number of bytes.

    Raises:
        ValueError: if it is larger than 64 MiB, or there are no images.
        OSError: if a library cannot be downloaded.
    """
    download = download or _download
    with replace_folder(folder) as into:
        (into / "wheels").mkdir()
        download(LIBRARIES, into / "wheels", python)
        _copy_code(ROOT.parent, into / "kerasrestore")
        _copy_code(Path(recipes), into / "recipes")
        _copy_start(start, into)
        _copy_images(data, into / "images" / "train", scales)
        _copy_images(validation, into / "images" / "validation", (1.0,))
        (into / "train.sh").write_text(TRAIN)
        sizes = {
            part.name: sum(
                file.stat().st_size
                for file in [part, *part.rglob("*")]
                if file.is_file()
            )
            for part in into.iterdir()
        }
        total = sum(sizes.values())
        if total > LARGEST:
            largest = max(sizes, key=sizes.get)
            raise ValueError(
                f"{total / 2**20:.0f} MiB are more than the 64 that may be "
                f"packed, {sizes[largest] / 2**20:.0f} of them {largest}; "
                "pack fewer or smaller images."
            )
    return total


def _download(names, folder, python):
    words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    words += ["--only-binary=:all:", "--python-version", python]
    words += ["--implementation", "cp", "--disable-pip-version-check"]
    for platform in PLATFORMS:
        words += ["--platform", platform]
    done = subprocess.run(
        [*words, "--dest", str(folder), *map(_pinned, names)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no reason given"]
        raise OSError(
            f"The libraries cannot be downloaded ({reason[-1]}); check the "
            "network."
        )


def _pinned(name):
    """The version used here, if there is one."""
    try:
        return f"{name}=={version(name)}"
    except PackageNotFoundError:
        return name


def _copy_code(source, target):
    """A folder without presets and caches."""

    def left_out(folder, names):
        return {"__pycache__", "presets"} & set(names)

    shutil.copytree(source, target, ignore=left_out)


def _copy_start(start, into):
    if start in (None, "none"):
        return
    if (Path(start) / NAME).is_file():
        files = [Path(start) / name for name in (NAME, "best.weights.h5")]
        files += [Path(start) / name for name in ("best.json", "log.csv")]
        target = into / "start"
    else:
        preset = find_preset(start)
        files = [preset.path / "card.json", preset.file("weights")]
        target = into / "start"
        if ROOT in preset.path.parents:
            target = into / "kerasrestore/models"
            target /= preset.path.relative_to(ROOT)
    target.mkdir(parents=True)
    for file in files:
        shutil.copy(file, target)


def _copy_images(folder, target, scales):
    target.mkdir(parents=True)
    for path in map(Path, list_images(folder)):
        for scale in scales:
            name = path.stem if scale == 1 else f"{path.stem}_{scale:g}"
            if scale == 1 and path.suffix.lower() in (".jpg", ".jpeg"):
                shutil.copy(path, target / f"{name}.jpg")
                continue
            with Image.open(path) as file:
                image = ImageOps.exif_transpose(file)
                if image.mode not in ("L", "RGB"):
                    image = image.convert("RGB")
            sides = [max(1, round(side * scale)) for side in image.size]
            # As PatchSampler shrinks them.
            image.resize(sides, Image.Resampling.BICUBIC).save(
                target / f"{name}.jpg", quality=QUALITY, subsampling=0
            )
