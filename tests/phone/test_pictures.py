import numpy as np
import pytest

from kerasrestore.phone.pictures import CROP, draw_difference, draw_summary


@pytest.mark.parametrize("shape", [(20, 30, 3), (60, 20), (1, 1, 3)])
def test_differences_of_any_shape(shape):
    clean = np.full(shape, 99, "uint8")
    wanted = np.full(shape, 0.4)
    figure = draw_difference(wanted, clean, wanted, wanted + 0.01, "title")
    assert len(figure.axes) == 7


def test_the_crop_is_where_the_error_is_largest():
    clean = np.zeros((2 * CROP, 300, 3), "uint8")
    wanted = np.zeros(clean.shape)
    found = wanted.copy()
    found[10, 20] = 0.05
    found[150:155, 250:255] = 0.2
    # The input of a model that enlarges twice.
    degraded = np.zeros((CROP, 150, 3))
    figure = draw_difference(degraded, clean, wanted, found, "title")
    shown = {
        axis.get_title(): axis.images[0].get_array()
        for axis in figure.axes
        if axis.get_title()
    }
    heat = shown["difference in steps of 1/255"]
    assert heat.shape == (CROP, CROP)
    assert heat.max() == pytest.approx(51)
    assert np.count_nonzero(heat) == 25
    assert shown["input"].shape == (CROP // 2, CROP // 2, 3)
    assert shown["file, whole image"].shape == clean.shape


def entry(label, seconds, **others):
    row = {"threads": 2, "median_s": seconds, "p90_s": 1.1 * seconds}
    return {
        "label": label,
        "quantization": label.split("_")[-1],
        "latency": [row],
        "phones": [],
        "quality": None,
        "graph": {"arithmetic": {"INT8 x INT8": 1} if "int8" in label else {}},
        **others,
    }


def test_the_summary_has_linear_axes_and_short_labels():
    name = "danet_mobile_denoise_color_blind_bsd400"
    phone = {"device": "A phone", "android": "16", "accelerator": "CPU"}
    measured = {"threads": 4, "median_s": 0.03, "p90_s": 0.04}
    entries = [
        entry(f"{name}_float32", 0.2),
        entry(f"{name}_int8", 0.1, phones=[{**phone, **measured}]),
    ]
    figure = draw_summary(entries, None, "A headline. " * 20)
    (axis,) = figure.axes
    assert axis.get_xscale() == "linear" and axis.get_xlim()[0] == 0
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ["float32", "int8"]
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    assert legend == ["2 threads", "A phone, 4 threads"]
    lines = figure.get_suptitle().split("\n")
    assert all(len(line) <= 100 for line in lines) and len(lines) > 1
    figure = draw_summary(entries, None, "A headline.", "AVX2 without VNNI")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["float32", "int8\nhere: AVX2 without VNNI"]
