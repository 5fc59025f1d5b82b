import keras
import pytest

from kerasrestore.training import FitSettings, LogMeanSquaredError


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"steps": 2.5}, r"steps must be an integer .* got 2\.5"),
        ({"validate_every": 0}, "validate_every must be an integer"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number"),
        ({"learning_rate": "cosine"}, "got 'cosine'; make_schedule"),
        ({"loss": "l3"}, r"log_mse, l2, l1 or a keras\.losses\.Loss"),
        ({"ema": 1.0}, r"ema must be below 1, got 1\.0"),
        ({"ema": -0.1}, "ema must be a number of at least 0"),
        ({"clip_norm": None}, "clip_norm must be a number"),
        ({"clip_each": float("inf")}, "clip_each must be a number"),
        ({"clip_norm": 1.0, "clip_each": 2.0}, "set one of them to 0"),
    ],
)
def test_refused(changes, words):
    with pytest.raises(ValueError, match=words) as error:
        FitSettings(**{"steps": 1, "learning_rate": 1e-3, **changes})
    assert "\n" not in str(error.value)


def test_a_misspelt_name():
    with pytest.raises(TypeError, match="clipnorm"):
        FitSettings(1, 1e-3, clipnorm=1.0)


def test_schedules_and_losses_of_keras():
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    settings = FitSettings(1, schedule, loss=LogMeanSquaredError())
    assert settings.learning_rate is schedule
