"""The programs of docs/use_a_model.md are run as they stand there."""

import ast
import json
import re
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from small_tflite import change, write_small
from testing import ROOT, random_image

from kerasrestore import LiteRTRestorer
from kerasrestore.models.presets import get_preset

DOCUMENT = ROOT / "docs" / "use_a_model.md"
PRESET = "danet_mobile_denoise_color_blind_bsd400"
MODELS = {
    "float": {},
    "bytes": {"quantization": "int8", "io": "uint8"},
    "sigma": {"sigma_input": True},
    "gray": {"channels": 1},
    "twice": {"scale": 2},
}
SIZES = ((1, 1), (5, 40), (33, 20))


def program(language):
    """The one block of a language in the document."""
    pattern = rf"^```{language}\n(.*?)^```$"
    (found,) = re.findall(pattern, DOCUMENT.read_text(), re.M | re.S)
    return found


@pytest.fixture(scope="module")
def python():
    """The names of the Python program."""
    names = {"__name__": "restore"}
    exec(compile(program("python"), str(DOCUMENT), "exec"), names)
    return names


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {
        name: write_small(folder / f"{name}.tflite", **options)
        for name, options in MODELS.items()
    }


def run(python, path, image, **options):
    sidecar = json.loads(path.with_suffix(".json").read_text())
    interpreter = Interpreter(model_path=str(path))
    return python["restore"](image, interpreter, sidecar, **options)


def test_python_needs_three_packages():
    tree = ast.walk(ast.parse(program("python")))
    imported = set()
    for node in tree:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names)
    assert others == {"ai_edge_litert", "numpy", "PIL"}


@pytest.mark.parametrize("name", MODELS)
def test_python_equals_the_package(python, models, name):
    restorer = LiteRTRestorer(models[name], trial=False)
    # Models that enlarge have no strength.
    strengths = (1.0, 0.35) if restorer.scale == 1 else (1.0,)
    for size, strength in product(SIZES, strengths):
        image = random_image((*size, restorer.channels), "uint8")
        options = {"strength": strength}
        if restorer.sigma_input:
            options["sigma"] = 30.0
        found = run(python, models[name], image, **options)
        np.testing.assert_array_equal(found, restorer.restore(image, **options))


def test_python_as_a_command(tmp_path):
    """Of a photo on its side, with the shipped model."""
    (tmp_path / "restore.py").write_text(program("python"))
    image = Image.fromarray(random_image((30, 20, 3), "uint8"))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "photo.png", exif=exif)
    model = get_preset(PRESET).tflite("int8")
    words = ("restore.py", model, "photo.png", "restored.png")
    subprocess.run([sys.executable, *words], cwd=tmp_path, check=True)
    wanted = LiteRTRestorer(model, trial=False).restore(
        np.rot90(np.asarray(image), -1)
    )
    with Image.open(tmp_path / "restored.png") as found:
        np.testing.assert_array_equal(found, wanted)


def test_python_rejects_what_it_cannot_do(python, models, tmp_path):
    whole = write_small(tmp_path / "whole.tflite")
    change(whole, receptive_field=0, halo=2)
    gray = random_image((9, 9, 1), "uint8")
    for path, image in ((models["float"], gray), (whole, gray.repeat(3, -1))):
        with pytest.raises(ValueError, match="needs more"):
            run(python, path, image)
