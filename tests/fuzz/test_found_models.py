"""What damaged presets, checkpoints and data sets once did."""

import hashlib
import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io
from checkpoint_files import name, write_zip
from testing import preset_folder

from kerasrestore.data.mat_files import dnd, sidd_validation
from kerasrestore.data.records.tiles import TileLayout
from kerasrestore.models import Restorer
from kerasrestore.models.checkpoints.import_checkpoint import read_checkpoint
from kerasrestore.models.presets import Preset
from kerasrestore.photos import Photo


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return preset_folder(tmp_path_factory.mktemp("preset"))


@pytest.fixture
def preset(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "small")


def change_card(preset, change):
    card = json.loads((preset / "card.json").read_text())
    change(card)
    (preset / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda card: card["config"].update(extra=1), "arguments that no"),
        (lambda card: card["config"].update(middle_blocks=10**6), "too large"),
        (lambda card: card["config"].update(widths=[8, 2**32]), "too large"),
        (lambda card: card.update(name="a\nb"), "no valid 'name'"),
        (lambda card: card.update(name="../up"), "no valid 'name'"),
        (lambda card: card.update(more="x" * 2**20), "larger than any card"),
        (
            lambda card: card["files"]["weights"].update(file="a\x1b[2J"),
            r"missing its file a\?\[2J",
        ),
    ],
)
def test_cards_of_strangers(preset, change, words):
    change_card(preset, change)
    with pytest.raises(ValueError, match=words) as error:
        Restorer.from_preset(preset)
    assert str(error.value).isprintable()


def test_damaged_weights_with_a_valid_checksum(preset):
    path = Preset(preset).file("weights")
    path.write_bytes(path.read_bytes()[:3000])
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    change_card(
        preset, lambda card: card["files"]["weights"].update(sha256=sha256)
    )
    with pytest.raises(ValueError, match="holds no weights that can be read"):
        Restorer.from_preset(preset)


def test_wrong_arguments_of_a_caller_stay_what_they_are(preset):
    with pytest.raises(TypeError, match="extra"):
        Restorer.from_preset(preset, extra=1)


def test_names_in_pickles_do_not_steer_a_terminal(tmp_path):
    path = write_zip(tmp_path / "a.pt", name("\x1b[2J", "system"))
    with pytest.raises(ValueError, match=r"\?\[2J\.system") as error:
        read_checkpoint(path)
    assert str(error.value).isprintable()


def test_an_array_header_that_never_ends(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': ((2,)"
    raw = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", raw + bytes(8))
    with pytest.raises(ValueError, match="cannot be imported"):
        read_checkpoint(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [100, 200, 600])
def test_damaged_blocks_of_sidd(tmp_path, cut):
    for kind in ("Noisy", "Gt"):
        path = tmp_path / f"Validation{kind}BlocksSrgb.mat"
        scipy.io.savemat(path, {path.stem: np.zeros((1, 2, 8, 8, 3), "u1")})
        path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"\.mat is damaged \(.*download"):
        sidd_validation(tmp_path)


def test_damaged_boxes_of_dnd(tmp_path):
    path = tmp_path / "info.mat"
    with h5py.File(path, "w") as file:
        cells = file.create_dataset(
            "info/boundingboxes", (1, 1), dtype=h5py.ref_dtype
        )
        box = file.create_dataset("box", data=np.zeros((3, 1)))
        cells[0, 0] = box.ref
    with pytest.raises(ValueError, match=r"info\.mat is damaged"):
        dnd(tmp_path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ValueError, match=r"info\.mat is damaged"):
        dnd(tmp_path)


@pytest.mark.parametrize("tile", [0, -1, "96", True, None])
def test_layouts_that_no_image_has(tile):
    with pytest.raises(ValueError, match="no image has the layout"):
        TileLayout("a", 10, 10, 1, tile)


def test_nan_becomes_black():
    light = np.full((4, 4), np.nan, "f4")
    photo = Photo(np.ones((4, 4), "f4"), alpha=light).with_bits(8)
    assert photo.alpha.max() == 0
