"""Each published set, on a small folder of its layout."""

import h5py
import numpy as np
import pytest
import scipy.io
from PIL import Image
from testing import random_image, run_python

from kerasrestore.data import LAYOUTS, open_dataset

# Files as the archives have them, and the names that come out.
FLAT = {
    "Set5": ("baby.png", "woman.png"),
    "Set14": ("baboon.png", "zebra.png"),
    "B100": ("101085.png", "97033.png"),
    "Set12": ("01.png", "12.png"),
    "BSD68": ("test001.png", "test068.png"),
    "CBSD68": ("101085.png", "97033.png"),
    "Kodak24": ("kodim01.png", "kodim24.png"),
    "McMaster": ("1.tif", "18.tif"),
    "Urban100": ("img_001.png", "img_100.png"),
    "Manga109": ("AisazuNihaIrarenai.png", "YumeiroCooking.png"),
    "LIVE1": ("bikes.bmp", "womanhat.bmp"),
    "Classic5": ("baboon.bmp", "peppers.bmp"),
}


def save(path, seed=0, size=(6, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = random_image((*size, 3), "uint8", seed)
    Image.fromarray(image).save(path)
    return image


def names(pairs):
    return [pair.name for pair in pairs]


def test_every_set_is_tried():
    others = {"DIV2K", "BSDS500", "SR291", "SIDD", "DND", "RealSR"}
    assert set(LAYOUTS) == {*FLAT, *others}
    for name, layout in LAYOUTS.items():
        assert layout.name == name and layout.origin and layout.licence


@pytest.mark.parametrize("name", FLAT)
def test_folders_of_ground_truth(tmp_path, name):
    for file in FLAT[name]:
        image = save(tmp_path / name / file)
    (tmp_path / name / "readme.txt").write_text("")
    with pytest.raises(ValueError, match=f"2 of the .* {name} .*partial=True"):
        open_dataset(name, tmp_path)
    pairs = open_dataset(name, tmp_path, partial=True)
    assert names(pairs) == [file.split(".")[0] for file in FLAT[name]]
    np.testing.assert_array_equal(pairs[1].load_clean(), image)
    with pytest.raises(ValueError, match="no degraded image"):
        pairs[0].load_degraded()


@pytest.mark.parametrize("name", LAYOUTS)
def test_sets_that_are_not_there(tmp_path, name):
    layout = LAYOUTS[name]
    for split in layout.splits:
        scale = 2 if name == "RealSR" else None
        with pytest.raises(ValueError, match="not found") as caught:
            open_dataset(name, tmp_path, split, scale)
        message = str(caught.value)
        assert layout.origin in message and layout.licence in message
        assert str(tmp_path / layout.folder) in message


def test_a_complete_set(tmp_path):
    for number in range(5):
        save(tmp_path / "Set5" / f"{number}.png")
    assert len(open_dataset("Set5", tmp_path)) == 5


def test_div2k(tmp_path):
    home = tmp_path / "DIV2K"
    for number in (2, 1):
        high = save(home / "DIV2K_train_HR" / f"{number:04d}.png", number)
        folder = home / "DIV2K_train_LR_bicubic" / "X3"
        low = save(folder / f"{number:04d}x3.png", 9, (2, 3))
    pairs = open_dataset("DIV2K", tmp_path, "train", partial=True)
    assert names(pairs) == [f"DIV2K_train_HR/{n:04d}" for n in (1, 2)]
    assert pairs[0].degraded is None
    pairs = open_dataset("DIV2K", tmp_path, "train", scale=3, partial=True)
    assert names(pairs) == ["0001", "0002"]
    np.testing.assert_array_equal(pairs[0].load_clean(), high)
    np.testing.assert_array_equal(pairs[0].load_degraded(), low)
    (folder / "0002x3.png").unlink()
    with pytest.raises(ValueError, match=r"Unpaired files .*.*HR/0002\.png"):
        open_dataset("DIV2K", tmp_path, "train", scale=3, partial=True)
    with pytest.raises(ValueError, match="scales 2, 3 and 4, got 5"):
        open_dataset("DIV2K", tmp_path, "train", scale=5)
    with pytest.raises(ValueError, match="splits train, valid, got None"):
        open_dataset("DIV2K", tmp_path)


def test_bsds500(tmp_path):
    for part in ("train", "val", "test"):
        save(tmp_path / "BSDS500/data/images" / part / f"{part}.jpg")
        (tmp_path / "BSDS500/data/images" / part / "Thumbs.db").write_text("")
    for split, wanted in {
        "train": ["train"],
        "val": ["val"],
        "test": ["test"],
        "bsd400": ["test", "train"],
    }.items():
        found = names(open_dataset("BSDS500", tmp_path, split, partial=True))
        assert found == [f"data/images/{name}/{name}" for name in wanted]
    with pytest.raises(ValueError, match="has no scales, got 2"):
        open_dataset("BSDS500", tmp_path, "val", scale=2)


def test_sr291(tmp_path):
    save(tmp_path / "SR291" / "T91" / "t1.png")
    save(tmp_path / "SR291" / "BSDS200" / "2092.jpg")
    found = open_dataset("SR291", tmp_path, partial=True)
    assert names(found) == ["BSDS200/2092", "T91/t1"]
    save(tmp_path / "flat" / "SR291" / "000t1.bmp")
    found = open_dataset("SR291", tmp_path / "flat", partial=True)
    assert names(found) == ["000t1"]


def test_realsr(tmp_path):
    home = tmp_path / "RealSR(V3)"
    for camera in ("Canon", "Nikon"):
        for part in ("Train", "Test"):
            for scale in (2, 4):
                base = home / camera / part / str(scale)
                clean = save(base / f"{camera}_001_HR.png", scale)
                low = save(base / f"{camera}_001_LR{scale}.png", 9)
    pairs = open_dataset("RealSR", tmp_path, "test", scale=4)
    assert names(pairs) == ["Canon/Test/4/Canon_001", "Nikon/Test/4/Nikon_001"]
    np.testing.assert_array_equal(pairs[1].load_clean(), clean)
    np.testing.assert_array_equal(pairs[1].load_degraded(), low)
    with pytest.raises(ValueError, match="scales 2, 3 and 4, got None"):
        open_dataset("RealSR", tmp_path, "test")
    (base / "Nikon_001_HR.png").unlink()
    with pytest.raises(ValueError, match=r"Unpaired files .*.*001_LR4\.png"):
        open_dataset("RealSR", tmp_path, "test", scale=4)


def test_sidd_medium(tmp_path):
    home = tmp_path / "SIDD" / "SIDD_Medium_Srgb" / "Data"
    for scene in ("0001_001_S6_00100_00060_3200_L", "0002_001_S6_00100_5500_N"):
        for shot in ("010", "011"):
            file = home / scene / f"{scene[:4]}_GT_SRGB_{shot}.PNG"
            clean = save(file)
            noisy = save(file.with_name(file.name.replace("GT", "NOISY")), 1)
    pairs = open_dataset("SIDD", tmp_path, "medium", partial=True)
    assert len(pairs) == 4 and pairs[-1].name.endswith("0002_SRGB_011")
    np.testing.assert_array_equal(pairs[-1].load_clean(), clean)
    np.testing.assert_array_equal(pairs[-1].load_degraded(), noisy)
    file.rename(file.with_name("0002_GT_SRGB_new.PNG"))
    with pytest.raises(ValueError, match="follow this dataset's file naming"):
        open_dataset("SIDD", tmp_path, "medium", partial=True)


def test_sidd_validation(tmp_path):
    home = tmp_path / "SIDD"
    home.mkdir()
    blocks = {
        kind: random_image((2, 3, 8, 8, 3), "uint8", seed)
        for seed, kind in enumerate(("Noisy", "Gt"))
    }
    for kind, values in blocks.items():
        name = f"Validation{kind}BlocksSrgb"
        scipy.io.savemat(home / f"{name}.mat", {name: values})
    with pytest.raises(ValueError, match="6 of the 1280"):
        open_dataset("SIDD", tmp_path, "validation")
    pairs = open_dataset("SIDD", tmp_path, "validation", partial=True)
    assert names(pairs)[:4] == ["0000_000", "0000_001", "0000_002", "0001_000"]
    np.testing.assert_array_equal(
        pairs[3].load_degraded(), blocks["Noisy"][1, 0]
    )
    np.testing.assert_array_equal(pairs[3].load_clean(), blocks["Gt"][1, 0])
    assert pairs[3].load_clean(1).shape == (8, 8, 1)


def test_sidd_files_that_hold_something_else(tmp_path):
    (tmp_path / "SIDD").mkdir()
    for kind in ("Noisy", "Gt"):
        path = tmp_path / "SIDD" / f"Validation{kind}BlocksSrgb.mat"
        scipy.io.savemat(path, {path.stem: np.zeros((2, 2))})
    with pytest.raises(ValueError, match="does not contain Validation"):
        open_dataset("SIDD", tmp_path, "validation")


def test_dnd(tmp_path):
    # As MATLAB writes version 7.3: axes reversed, cells by reference.
    home = tmp_path / "dnd_2017"
    (home / "images_srgb").mkdir(parents=True)
    images = [random_image((30, 40, 3), seed=seed) for seed in range(2)]
    boxes = np.array([[1, 1, 8, 8], [3, 5, 10, 12]], float)
    with h5py.File(home / "info.mat", "w") as file:
        cells = file.create_dataset(
            "info/boundingboxes", (1, 2), dtype=h5py.ref_dtype
        )
        for index in range(2):
            stored = file.create_dataset(
                f"#refs#/{index}", data=(boxes + index).T
            )
            cells[0, index] = stored.ref
    for number, image in enumerate(images, 1):
        path = home / "images_srgb" / f"{number:04d}.mat"
        with h5py.File(path, "w") as file:
            file["InoisySRGB"] = image.T
    pairs = open_dataset("DND", tmp_path, partial=True)
    assert names(pairs) == ["0001_01", "0001_02", "0002_01", "0002_02"]
    np.testing.assert_array_equal(
        pairs[1].load_degraded(), images[0][2:10, 4:12]
    )
    np.testing.assert_array_equal(
        pairs[3].load_degraded(), images[1][3:11, 5:13]
    )
    with pytest.raises(ValueError, match="no clean image"):
        pairs[0].load_clean()
    with pytest.raises(ValueError, match="only uint8 images can be converted"):
        pairs[0].load_degraded(1)
    (home / "images_srgb" / "0002.mat").unlink()
    with pytest.raises(ValueError, match=r"looked for .*0002\.mat"):
        open_dataset("DND", tmp_path, partial=True)


@pytest.mark.parametrize(
    ("package", "arguments"),
    [("scipy", ("SIDD", "validation")), ("h5py", ("DND", None))],
)
def test_packages_that_are_not_there(tmp_path, package, arguments):
    for name in ("SIDD/ValidationNoisyBlocksSrgb", "dnd_2017/info"):
        for file in (f"{name}.mat", f"{name.replace('Noisy', 'Gt')}.mat"):
            path = tmp_path / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"")
    code = f"""
import sys
sys.modules[{package!r}] = None
from kerasrestore.data import open_dataset
name, split = {arguments!r}
try:
    open_dataset(name, {str(tmp_path)!r}, split)
except ValueError as error:
    print(error)
"""
    message = run_python(code)
    assert (
        package in message and 'pip install "kerasrestore[matlab]"' in message
    )


def test_names(tmp_path):
    with pytest.raises(
        ValueError, match="Unknown dataset 'Set6'; choose one of DIV2K"
    ):
        open_dataset("Set6", tmp_path)
    with pytest.raises(ValueError, match="splits train, val, test, bsd400"):
        open_dataset("BSDS500", tmp_path, "valid")
