"""Many photos in worker processes, some of which end before their time."""

import numpy as np
import pytest
from archive.inverse import Inverse, InverseChoice
from PIL import Image

from kerasrestore.archive.file_options import FileOptions
from kerasrestore.archive.restore_all import restore_here, restore_in_workers
from kerasrestore.archive.restore_file import OptionError, restore_bytes


def jobs(folder, levels):
    """Gray photos of one level each."""
    found = []
    for index, level in enumerate(levels):
        source = folder / f"{index}.png"
        Image.fromarray(np.full((8, 9), level, "uint8")).save(source)
        found.append((source, folder / "out" / source.name))
    return found


def test_poison_does_not_stop_the_others(tmp_path):
    levels = [10, Inverse.KILLS, 20, Inverse.HANGS, 30, Inverse.RAISES, 40]
    work = jobs(tmp_path, levels)
    work[2][0].write_bytes(b"\xff\xd8\xffjunk")
    found = {
        record.source: record
        for record in restore_in_workers(
            work, InverseChoice(), FileOptions(), 2, patience=3
        )
    }
    assert set(found) == {str(source) for source, _ in work}
    reasons = [found[str(source)].reason for source, _ in work]
    wanted = [
        None,
        "twice (SIGKILL)",
        "is damaged",
        "no progress for 3 s",
        None,
        "out of luck",
        None,
    ]
    for reason, text, (source, target) in zip(
        reasons, wanted, work, strict=True
    ):
        if text is None:
            assert reason is None
            with Image.open(target) as image, Image.open(source) as before:
                assert image.getpixel((3, 3)) == 255 - before.getpixel((3, 3))
        else:
            assert text in reason and reason.count(str(source)) == 1
            assert not target.exists()
    left = [path.name for path in (tmp_path / "out").iterdir()]
    assert sorted(left) == ["0.png", "4.png", "6.png"]


def test_workers_do_the_same_as_one_process(tmp_path):
    work = jobs(tmp_path, range(0, 120, 20))
    options = FileOptions(suffix="_a", quality=80)
    list(restore_in_workers(work, InverseChoice(), options, 3))
    ours = {target.name: target.read_bytes() for _, target in work}
    list(restore_here(work, InverseChoice().load, options))
    assert ours == {target.name: target.read_bytes() for _, target in work}
    for source, target in work:
        content, record = restore_bytes(
            source.read_bytes(), source.name, InverseChoice().load, options
        )
        assert content == target.read_bytes()
        assert record.target == f"{source.stem}_a.png"


def test_an_option_that_no_photo_can_have(tmp_path):
    work = jobs(tmp_path, [10, 20])
    for records in (
        restore_here(work, InverseChoice().load, FileOptions(sigma=5)),
        restore_in_workers(work, InverseChoice(), FileOptions(sigma=5), 2),
    ):
        with pytest.raises(OptionError, match="takes no sigma"):
            next(records)
    with pytest.raises(OptionError, match="takes no sigma"):
        restore_bytes(
            work[0][0].read_bytes(),
            "a.png",
            InverseChoice().load,
            FileOptions(sigma=5),
        )


def test_workers_that_cannot_start_are_no_failed_photos(tmp_path):
    work = jobs(tmp_path, [10, 20])
    records = restore_in_workers(
        work, InverseChoice(dies=True), FileOptions(), 2
    )
    with pytest.raises(ValueError, match="before its first photo"):
        next(records)
