"""Each published set as records, from a small folder of its layout."""

import h5py
import numpy as np
import pytest
import scipy.io
import tensorflow_datasets as tfds
from PIL import Image
from testing import random_image

from kerasrestore.data import LAYOUTS, open_dataset
from kerasrestore.data.records.records import prepare_records
from kerasrestore.data.records.tfds_builders import (
    RestorationTiles,
    tile_config,
)

# Two images of each part as the archives have them, clean and degraded.
# Their sides are multiples of 12, and they are cut into several tiles.
BSDS = "data/images/{}/{}.jpg"
MEDIUM = "SIDD_Medium_Srgb/Data/000{0}_S6/000{0}_{1}_SRGB_010.PNG"
FILES = {
    **{
        f"{name}_test": [("1.png", None), ("2.png", None)]
        for name, layout in LAYOUTS.items()
        if layout.folder == name and list(layout.splits) == ["test"]
    },
    **{
        f"DIV2K_{split}": [
            (f"DIV2K_{split}_HR/000{n}.png", None) for n in (1, 2)
        ]
        for split in ("train", "valid")
    },
    **{
        f"DIV2K_{split}_x{scale}": [
            (
                f"DIV2K_{split}_HR/000{n}.png",
                f"DIV2K_{split}_LR_bicubic/X{scale}/000{n}x{scale}.png",
            )
            for n in (1, 2)
        ]
        for split in ("train", "valid")
        for scale in (2, 3, 4)
    },
    **{
        f"BSDS500_{split}": [(BSDS.format(split, n), None) for n in (1, 2)]
        for split in ("train", "val", "test")
    },
    "BSDS500_bsd400": [
        (BSDS.format("test", 1), None),
        (BSDS.format("train", 2), None),
    ],
    "SR291_train": [("BSDS200/1.jpg", None), ("T91/2.png", None)],
    "SIDD_medium": [
        (MEDIUM.format(n, "GT"), MEDIUM.format(n, "NOISY")) for n in (1, 2)
    ],
    **{
        f"RealSR_{split.lower()}_x{scale}": [
            (
                f"{camera}/{split}/{scale}/{camera}_001_HR.png",
                f"{camera}/{split}/{scale}/{camera}_001_LR{scale}.png",
            )
            for camera in ("Canon", "Nikon")
        ]
        for split in ("Train", "Test")
        for scale in (2, 3, 4)
    },
}


def save(path, shape, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random_image(shape, "uint8", seed)).save(path)


def make(root, name):
    """A folder of the set's layout and the arguments to open it."""
    dataset, split, *scale = name.split("_")
    scale = int(scale[0][1:]) if scale else None
    folder = root / LAYOUTS[dataset].folder
    ratio = scale if dataset == "DIV2K" and scale else 1
    for seed, (clean, degraded) in enumerate(FILES[name]):
        height, width = 108 + 12 * seed, 204
        save(folder / clean, (height, width, 3), seed)
        if degraded:
            small = (height // ratio, width // ratio, 3)
            save(folder / degraded, small, seed + 10)
    return {"dataset": dataset, "split": split, "scale": scale}


def assembled(source, role, number, ratio=1):
    """One whole image of all its tiles, from the features alone."""
    name = sorted({example["name"] for example in source})[number]
    tiles = [example for example in source if example["name"] == name]
    height, width = (tiles[0][side] // ratio for side in ("height", "width"))
    whole = np.zeros((height, width, tiles[0][role].shape[2]), "f4")
    seen = np.zeros((height, width), int)
    for tile in tiles:
        top, left = tile["top"] // ratio, tile["left"] // ratio
        pixels = tile[role]
        window = np.s_[top : top + len(pixels), left : left + pixels.shape[1]]
        whole[window] = pixels
        seen[window] += 1
    assert (seen == 1).all()
    return name.decode(), whole


def check(records, pairs, ratio=1):
    """The records hold the images, read both by TFDS and by us."""
    assert records.names == [pair.name for pair in pairs]
    builder = tfds.builder_from_directory(records.path)
    (split,) = builder.info.splits
    source = builder.as_data_source(split)
    assert builder.info.splits[split].num_examples == len(source)
    for number, pair in enumerate(pairs):
        for role in ("clean", "degraded"):
            if getattr(pair, role) is None:
                assert role not in records.roles
                continue
            array = getattr(pair, f"load_{role}")()
            step = ratio if role == "degraded" else 1
            name, whole = assembled(source, role, number, step)
            assert name == pair.name
            np.testing.assert_array_equal(whole, array)
            image = records.image(number, role)
            assert image.shape == array.shape
            assert image[:, :].dtype == array.dtype
            np.testing.assert_array_equal(image[:, :], array)
            np.testing.assert_array_equal(image[5:31, 7:30], array[5:31, 7:30])


def test_every_layout_is_tried():
    others = {"SIDD_validation", "DND_test"}
    assert set(RestorationTiles.builder_configs) == {*FILES, *others}


@pytest.mark.parametrize("name", FILES)
def test_folders(tmp_path, name):
    arguments = make(tmp_path, name)
    records = prepare_records(
        root=tmp_path, data_dir=tmp_path, partial=True, **arguments
    )
    assert records.path.parent.name == f"{name}_partial"
    dataset = arguments.pop("dataset")
    pairs = open_dataset(dataset, tmp_path, partial=True, **arguments)
    ratio = arguments["scale"] if dataset == "DIV2K" else None
    check(records, pairs, ratio or 1)


def test_complete_sets(tmp_path):
    arguments = make(tmp_path, "Set5_test")
    with pytest.raises(ValueError, match="2 of the 5 images of Set5"):
        prepare_records("Set5", tmp_path, tmp_path / "records")
    assert not (tmp_path / "records").exists()
    for number in (3, 4, 5):
        save(tmp_path / f"Set5/{number}.png", (30, 30, 3), number)
    records = prepare_records("Set5", tmp_path, tmp_path / "records")
    check(records, open_dataset("Set5", tmp_path))
    # The form that TFDS itself offers, on the same files.
    source = tfds.data_source(
        "restoration_tiles/Set5_test",
        split="test",
        data_dir=tmp_path / "records",
        builder_kwargs={"file_format": "array_record"},
    )
    assert len(source) == 15 and source[0]["name"] == b"1"
    assert arguments["split"] == "test"


def test_sidd_validation(tmp_path):
    (tmp_path / "SIDD").mkdir()
    for seed, kind in enumerate(("Noisy", "Gt")):
        name = f"Validation{kind}BlocksSrgb"
        values = random_image((1, 2, 120, 100, 3), "uint8", seed)
        scipy.io.savemat(tmp_path / f"SIDD/{name}.mat", {name: values})
    records = prepare_records(
        "SIDD", tmp_path, tmp_path, "validation", partial=True
    )
    check(records, open_dataset("SIDD", tmp_path, "validation", partial=True))


def test_dnd(tmp_path):
    folder = tmp_path / "dnd_2017" / "images_srgb"
    folder.mkdir(parents=True)
    boxes = np.array([[1, 1, 100, 110], [3, 5, 102, 114]], float)
    with h5py.File(tmp_path / "dnd_2017" / "info.mat", "w") as file:
        cells = file.create_dataset(
            "info/boundingboxes", (1, 1), dtype=h5py.ref_dtype
        )
        cells[0, 0] = file.create_dataset("#refs#/0", data=boxes.T).ref
    with h5py.File(folder / "0001.mat", "w") as file:
        file["InoisySRGB"] = random_image((120, 130, 3)).T
    records = prepare_records("DND", tmp_path, tmp_path, partial=True)
    assert records.roles == ("degraded",)
    check(records, open_dataset("DND", tmp_path, partial=True))
    with pytest.raises(ValueError, match="only uint8 images can be converted"):
        records.image(0, "degraded", channels=1)[:8, :8]


def test_the_builder_without_its_folder(tmp_path):
    builder = RestorationTiles(
        config="Set5_test", data_dir=tmp_path, file_format="array_record"
    )
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    settings = tfds.download.DownloadConfig(manual_dir=tmp_path / "other")
    with pytest.raises(ValueError, match="Set5 not found, looked for"):
        builder.download_and_prepare(download_config=settings)
    assert tile_config("Set5", "test").name == "Set5_test"
