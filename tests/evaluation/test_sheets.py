import numpy as np
import pytest
from PIL import Image
from testing import image_folder

from kerasrestore.evaluation import Baseline, evaluate
from kerasrestore.evaluation.sheets import _extremes, draw_report
from kerasrestore.tasks import Denoise, SuperResolution


@pytest.mark.parametrize(
    ("task", "kind"),
    [(Denoise(25), "degraded"), (SuperResolution(2), "bicubic")],
)
@pytest.mark.parametrize("gray", [False, True])
def test_a_sheet_for_some_images_and_a_plot_of_all(tmp_path, task, kind, gray):
    data = image_folder(tmp_path / "data", 7)
    baseline = Baseline(kind, task, 1 if gray else 3)
    report = evaluate(baseline, task, data, gray=gray)
    written = draw_report(report, baseline, task, data, tmp_path / "plots")
    assert sorted(written) == sorted((tmp_path / "plots").iterdir())
    assert len(written) == 6 and written[0].name == "psnr.png"
    for path in written:
        pixels = np.asarray(Image.open(path).convert("L"))
        # Something is drawn on the white.
        assert pixels.std() > 10, path.name


def test_crops_of_the_largest_and_smallest_error():
    error = np.full((40, 50), 0.1)
    error[20:24, 30:34] = 1.0
    error[5:15, 6:16] = 0.0
    worst, best = _extremes(error, 10)
    assert worst[0].start <= 20 and worst[0].stop >= 24
    assert worst[1].start <= 30 and worst[1].stop >= 34
    assert best == (slice(5, 15), slice(6, 16))


def test_nothing_to_draw(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    task = Denoise(25)
    baseline = Baseline("degraded", task)
    report = evaluate(baseline, task, tmp_path)
    with pytest.raises(ValueError, match="no images to plot"):
        draw_report(report, baseline, task, tmp_path, tmp_path / "plots")
    assert not (tmp_path / "plots").exists()
