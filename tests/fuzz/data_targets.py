"""Data sets as files: MATLAB's, and records."""

import numpy as np
from fuzz.damage import damage_bytes, damage_number, damage_text
from fuzz.target import Target


def make_sidd(folder):
    import scipy.io

    home = folder / "sidd"
    home.mkdir()
    for kind in ("Noisy", "Gt"):
        name = f"Validation{kind}BlocksSrgb"
        blocks = np.arange(2 * 3 * 8 * 8 * 3, dtype="u4").astype("u1")
        values = {name: blocks.reshape(2, 3, 8, 8, 3)}
        scipy.io.savemat(home / f"{name}.mat", values)


def make_dnd(folder):
    import h5py

    home = folder / "dnd"
    (home / "images_srgb").mkdir(parents=True)
    boxes = np.array([[1, 1, 8, 8], [3, 5, 10, 12]], float)
    with h5py.File(home / "info.mat", "w") as file:
        cells = file.create_dataset(
            "info/boundingboxes", (1, 1), dtype=h5py.ref_dtype
        )
        cells[0, 0] = file.create_dataset("#refs#/0", data=boxes.T).ref
    with h5py.File(home / "images_srgb" / "0001.mat", "w") as file:
        image = np.linspace(0, 1, 30 * 40 * 3, dtype="f4")
        file["InoisySRGB"] = image.reshape(3, 40, 30)


def damage_folder(path, rng):
    """Damages one file of a folder."""
    file = rng.choice(sorted(p for p in path.rglob("*") if p.is_file()))
    data = file.read_bytes()
    if file.suffix == ".json":
        data = damage_text(data, rng)
    elif rng.random() < 0.5:
        data = damage_number(data, rng, 0, 4000)
    else:
        data = damage_bytes(data, rng)
    file.write_bytes(data)


def run_pairs(reader):
    """Opens a data set and loads all of its images."""

    def run(path, out):
        from kerasrestore.data import mat_files

        # The block files are kept open otherwise.
        mat_files._sidd_blocks.cache_clear()
        for pair in getattr(mat_files, reader)(path):
            degraded = pair.load_degraded()
            assert degraded.ndim == 3, degraded.shape

    return run


def make_records(folder):
    from PIL import Image

    from kerasrestore.data.pairs import ImagePair
    from kerasrestore.data.records.records import write_records

    images = folder.parent / "images"
    images.mkdir()
    pairs = []
    for index, shape in enumerate(((100, 120, 3), (30, 40, 3))):
        path = images / f"{index}.png"
        array = np.arange(np.prod(shape), dtype="u4").astype("u1")
        Image.fromarray(array.reshape(shape)).save(path)
        pairs.append(ImagePair(str(index), None, path))
    write_records("mine", pairs, folder / "records")


def run_records(path, out):
    from kerasrestore.data.records.records import open_records

    records = open_records("mine", path)
    for index in range(len(records)):
        image = records.image(index)
        assert image[0:20, 0:20].shape[2] == 3


def targets():
    yield Target(
        "sidd", make_sidd, damage_folder, run_pairs("sidd_validation"),
        errors=(ValueError, FileNotFoundError),
        loads=("kerasrestore.data.mat_files", "scipy.io"),
    )  # fmt: skip
    yield Target(
        "dnd", make_dnd, damage_folder, run_pairs("dnd"),
        errors=(ValueError, FileNotFoundError),
        loads=("kerasrestore.data.mat_files", "h5py"),
    )  # fmt: skip
    yield Target(
        "records", make_records, damage_folder, run_records,
        memory=2**31, inputs=500, warnings="ignore",
        loads=("kerasrestore.data.records.records", "tensorflow_datasets",
               "array_record.python.array_record_data_source"),
    )  # fmt: skip
