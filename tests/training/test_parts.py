import keras
import numpy as np
import pytest
from testing import enliven, image_folder, random_image

from kerasrestore import DANetMobile
from kerasrestore.data import load_image
from kerasrestore.metrics import psnr_rgb
from kerasrestore.tasks import Denoise
from kerasrestore.training import (
    DenoiseValidation,
    LogMeanSquaredError,
    TrapezoidDecay,
    make_schedule,
)
from kerasrestore.training.plot import plot_log


def rates(schedule, steps):
    return [float(schedule(step)) for step in steps]


def test_trapezoid():
    schedule = make_schedule("trapezoid", 1e-3, 100, warmup=10, decay=40)
    np.testing.assert_allclose(
        rates(schedule, (0, 4, 9, 30, 60, 80, 99, 100, 120)),
        np.array([0.1, 0.5, 1, 1, 1, 0.5, 0.025, 0, 0]) * 1e-3,
        atol=1e-9,
    )
    again = TrapezoidDecay.from_config(schedule.get_config())
    assert rates(again, range(100)) == rates(schedule, range(100))


def test_cosine_and_steps():
    cosine = make_schedule("cosine", 1e-3, 110, warmup=10)
    np.testing.assert_allclose(
        rates(cosine, (10, 60, 110)), [1e-3, 5e-4, 0], atol=1e-9
    )
    stepped = make_schedule("step", 1e-3, 100, halve_every=30)
    np.testing.assert_allclose(
        rates(stepped, (0, 29, 30, 60)), [1e-3, 1e-3, 5e-4, 2.5e-4], rtol=1e-5
    )
    assert make_schedule("constant", 1e-3, 100) == 1e-3


def test_log_mean_squared_error():
    clean, restored = (random_image((3, 8, 8, 3), seed=s) for s in (0, 1))
    wanted = np.log(((clean - restored) ** 2).mean((1, 2, 3)) + 1e-5).mean()
    loss = LogMeanSquaredError()
    assert float(loss(clean, restored)) == pytest.approx(wanted, rel=1e-5)
    assert float(loss(clean, clean)) == pytest.approx(np.log(1e-5), rel=1e-5)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.floor == loss.floor


def test_validation_is_the_mean_of_literal_figures(tmp_path):
    folder = image_folder(tmp_path, 3, (45, 38))
    model = enliven(DANetMobile(widths=(8, 16), middle_blocks=1))
    found = DenoiseValidation(folder, sigmas=(15, 50), crop=32)(model)
    for sigma in (15, 50):
        values = []
        for index in range(3):
            clean = load_image(folder / f"image{index}.png")[6:38, 3:35]
            noisy = Denoise(sigma).degrade_benchmark(clean, index)
            output = np.clip(np.asarray(model(noisy[None]))[0], 0, 1) * 255
            values.append(psnr_rgb(np.rint(output), clean))
        assert found[f"psnr_sigma{sigma}"] == pytest.approx(
            np.mean(values), abs=1e-3
        )
    assert found["psnr"] == pytest.approx(
        (found["psnr_sigma15"] + found["psnr_sigma50"]) / 2
    )


def test_plot(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(
        "step,loss,learning_rate,psnr,psnr_sigma25\n"
        "1,2.0,0.001,20,21\n2,1.0,0.0,30,31\n"
    )
    plot_log(log, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    log.write_text("step,loss\n")
    with pytest.raises(ValueError, match="no steps"):
        plot_log(log, tmp_path / "b.png")
