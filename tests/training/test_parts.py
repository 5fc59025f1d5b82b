import keras
import numpy as np
import pytest
from testing import enliven, image_folder, random_image

from kerasrestore import DANetMobile
from kerasrestore.data import load_image
from kerasrestore.metrics import psnr_rgb
from kerasrestore.models import NLRN, RNAN
from kerasrestore.tasks import Denoise, RealPairs, SuperResolution
from kerasrestore.training import (
    LogMeanSquaredError,
    Trainee,
    TrapezoidDecay,
    Validation,
    make_schedule,
)


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
    halved = make_schedule("step", 1e-3, 100, halve_every=(30, 40))
    np.testing.assert_allclose(
        rates(halved, (0, 29, 30, 39, 40, 99)),
        [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4],
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="above 0 and increasing"):
        make_schedule("step", 1e-3, 100, halve_every=(40, 30))
    lowered = make_schedule("cosine", 1e-4, 100, warmup=0, final=1e-6)
    np.testing.assert_allclose(
        rates(lowered, (0, 50, 100)), [1e-4, 5.05e-5, 1e-6], rtol=1e-5
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
    found = Validation(folder, [Denoise(15), Denoise(50)], crop=32)(model)
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


class Identity:
    """Gives back what it is given, and remembers it."""

    size_multiple = 1
    sigma_input = True

    def __init__(self):
        self.seen = []

    def restore_tile(self, tile, setting):
        self.seen.append((tile, setting))
        return tile


def test_validation_of_every_factor(tmp_path):
    folder = image_folder(tmp_path, 2, (50, 61))
    tasks = [SuperResolution(n, pre_upsampled=True) for n in (2, 3)]
    model = Identity()
    found = Validation(folder, tasks, channels=1, crop=32)(model)
    assert set(found) == {"psnr", "psnr_x2", "psnr_x3", "worst_gain"}
    assert [setting.tolist() for _, setting in model.seen] == [
        [[2], [2]],
        [[3], [3]],
    ]
    assert model.seen[0][0].shape == (2, 30, 30, 1)
    for task in tasks:
        values = []
        for index in range(2):
            clean = task.load_clean(folder / f"image{index}.png", 1)
            clean = clean[6:36, 12:42]
            degraded = task.degrade_benchmark(clean, index)
            values.append(task.score(degraded, clean)["psnr"])
        assert found[f"psnr_x{task.setting}"] == pytest.approx(np.mean(values))


def test_crops_that_are_kept(tmp_path):
    class Counted(Denoise):
        made = 0

        def degrade_benchmark(self, *args):
            Counted.made += 1
            return super().degrade_benchmark(*args)

    folder = image_folder(tmp_path, 2, (50, 61))
    tasks = [Counted(15), Counted(25)]
    once = Validation(folder, tasks, crop=24, crops=2)
    found = once(Identity())
    assert Counted.made == 16
    kept = Validation(folder, tasks, crop=24, crops=2, keep=True)
    for _ in range(2):
        assert kept(Identity()) == found
    assert Counted.made == 32


def test_validation_of_photographs(tmp_path):
    clean = image_folder(tmp_path / "clean", 2, (40, 48))
    noisy = image_folder(tmp_path / "noisy", 2, (40, 48), seed=5)
    task = RealPairs("denoise")
    found = Validation(clean, [task], crop=24, degraded=noisy)(Identity())
    values = [
        psnr_rgb(
            *(
                load_image(folder / f"image{index}.png")[8:32, 12:36]
                for folder in (noisy, clean)
            )
        )
        for index in range(2)
    ]
    assert found["psnr_denoise"] == pytest.approx(np.mean(values))
    small = image_folder(tmp_path / "small", 2, (40, 40))
    with pytest.raises(ValueError, match="not 1 times as large"):
        Validation(clean, [task], degraded=small)


def test_validation_needs_pixels(tmp_path):
    folder = image_folder(tmp_path, 1, (20, 6))
    model = Identity()
    model.size_multiple = 8
    with pytest.raises(ValueError, match="6x20, too small"):
        Validation(folder, [Denoise(5)])(model)


def test_trainee_measures_in_the_restorers_range():
    model = RNAN(local_blocks=1, nonlocal_blocks=0, features=4, released=True)
    trainee = Trainee(model, loss_crop=4)
    trainee.compile(loss="mse")
    noisy, clean = (random_image((2, 8, 8, 3), seed=s) for s in (0, 1))
    output = np.asarray(model(noisy * 255))
    error = (output - clean * 255)[:, 2:6, 2:6]
    loss = trainee.test_on_batch(noisy, clean)
    assert float(loss) == pytest.approx(np.mean(error**2), rel=1e-4)
    assert {v.path for v in trainee.variables} == {
        v.path for v in model.variables
    }


def test_trainee_adds_a_residual():
    model = enliven(NLRN(num_steps=1, released="v0", filters=8, key_filters=4))
    noisy = random_image((1, 9, 9, 1))
    found = np.asarray(Trainee(model, residual=True)(noisy)) / 255
    np.testing.assert_allclose(
        found, model.restore_tile(noisy, None), atol=1e-4
    )
