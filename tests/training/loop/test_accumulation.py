import keras
import numpy as np
import pytest
from testing import ROOT, run_python
from training.loop.accumulation import (
    BATCH,
    STEPS,
    compare,
    compare_half_precision,
    train,
)
from training.small_training import patches, small_model

from kerasrestore import NLRN
from kerasrestore.training import FitSettings, fit
from kerasrestore.training.loop.micro_batches import (
    micro_batches,
    rows_of_part,
)


@pytest.mark.parametrize("rows", range(1, 9))
def test_every_row_once(rows):
    for count in range(1, rows + 1):
        full, size, left = micro_batches(rows, count)
        assert full * size + left == rows and 0 <= left < size
        assert full + bool(left) <= count
    for count in range(1, 11):
        parts = [rows_of_part(rows, count, index) for index in range(count)]
        taken = [x for first, n in parts for x in range(first, first + n)]
        assert taken == list(range(rows))
        assert np.ptp([n for _, n in parts]) <= 1


def test_micro_batches_train_as_one(folder, tmp_path):
    compare(folder, tmp_path)
    compare_half_precision(folder, tmp_path)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
folder, out, tests = sys.argv[1:]
sys.path.insert(0, tests)
from training.loop.accumulation import compare, compare_half_precision
compare(folder, out, ["quantize_aware"])
compare_half_precision(folder, out)
"""


def test_the_same_with_jax(folder, tmp_path):
    run_python(JAX, folder, tmp_path, ROOT / "tests", KERAS_BACKEND="jax")


def test_a_whole_batch_a_call_compiled_by_xla(folder, tmp_path):
    runs = [
        train(
            folder,
            tmp_path / str(parts),
            "plain",
            device=True,
            jit_compile=True,
            steps_per_execution=2,
            accumulate=parts,
        )[1]
        for parts in (1, 2)
    ]
    one, two = ([float(row["loss"]) for row in log] for log in runs)
    assert len(one) == STEPS // 2
    np.testing.assert_allclose(two, one, rtol=1e-4)


def test_what_cannot_be_accumulated(folder, tmp_path):
    sampler = patches(folder, batch_size=BATCH)

    class Summed(keras.losses.MeanSquaredError):
        def __init__(self):
            super().__init__(reduction="sum")

    class Own(keras.Model):
        sigma_input = False

        def __init__(self):
            super().__init__()
            self.restorer = small_model()

        def call(self, inputs, training=None):
            return self.restorer(inputs)

        def train_step(self, data):
            return super().train_step(data)

    normalised = NLRN(num_steps=1, filters=8, key_filters=4, channels=3)
    for model, count, loss, words in (
        (small_model(), 6, "l2", "batch of 5 patches .* into 6 micro-batches"),
        (normalised, 2, "l2", "batch normalisation.* leave --accumulate out"),
        (small_model(), 2, Summed(), "not the mean of the losses"),
        (Own(), 2, "l2", "train_step of Own takes a batch as a whole"),
    ):
        with pytest.raises(ValueError, match=words):
            fit(
                model,
                sampler,
                tmp_path,
                FitSettings(1, 1e-3, loss, accumulate=count),
                restorer=getattr(model, "restorer", model),
                progress=False,
            )
    with pytest.raises(ValueError, match="accumulate must be an integer of"):
        FitSettings(1, 1e-3, accumulate=0)
