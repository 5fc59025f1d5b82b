import json

import keras
import numpy as np
import pytest
from keras import layers, ops
from testing import (
    ODD_SIZES,
    ROOT,
    enliven,
    image_folder,
    random_image,
    run_python,
)
from training.quantization.small_quantized import batches, of_kind, small

from kerasrestore.data import PatchSampler
from kerasrestore.models import PANet, Restorer
from kerasrestore.tasks import Denoise
from kerasrestore.training import FitSettings, fit
from kerasrestore.training.distillation.imitation import Imitation
from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.quantize_aware import (
    QuantizeAware,
    quantize_aware,
)
from kerasrestore.training.quantization.quantized_conv2d import QuantizedConv2D
from kerasrestore.training.quantization.quantized_graph import is_product


@keras.saving.register_keras_serializable(package="tests")
class Plain(Restorer):
    """A restorer of any small graph."""

    def __init__(self, inputs=None, outputs=None, **kwargs):
        if inputs is None:
            inputs, outputs = self.graph()
        super().__init__(inputs, outputs, **kwargs)

    @staticmethod
    def graph():
        image = keras.Input((None, None, 3), name="image")
        x = kept = layers.Conv2D(4, 3, padding="same", name="a")(image)
        x = layers.Activation("relu", name="b")(x)
        x = ops.relu(layers.Conv2D(4, 3, padding="same", name="c")(x))
        x = layers.Conv2D(4, 3, padding="same", activation="sigmoid", name="d")(
            x
        )
        x = ops.concatenate([x, kept], axis=-1)
        x = layers.ZeroPadding2D(name="e")(layers.Dense(6, name="f")(x))
        return image, layers.Conv2D(3, 3, name="g")(x)

    def get_config(self):
        return self.base_config()


@keras.saving.register_keras_serializable(package="tests")
class Shared(Plain):
    """A layer that is called twice."""

    @staticmethod
    def graph():
        image = keras.Input((None, None, 3), name="image")
        conv = layers.Conv2D(3, 3, padding="same", name="shared")
        last = layers.Conv2D(3, 3, padding="same", name="last")
        return image, last(conv(conv(image)))


class TestModel:
    @pytest.mark.parametrize("sigma_input", [False, True])
    def test_is_a_restorer(self, sigma_input, tmp_path):
        restorer = small(sigma_input=sigma_input, channels=1)
        weights = restorer.get_weights()
        inputs = batches(channels=1)
        if sigma_input:
            sigma = np.full((2, 1), 20, "float32")
            inputs = [{"image": image, "sigma": sigma} for image in inputs]
        model = quantize_aware(restorer, inputs)
        assert isinstance(model, Restorer)
        for one, two in zip(weights, restorer.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
        for name in (
            "task", "channels", "scale", "size_multiple", "receptive_field",
            "sigma_input", "value_range", "name",
        ):  # fmt: skip
            assert getattr(model, name) == getattr(restorer, name)
        assert model.count_macs(64, 64) == restorer.count_macs(64, 64)
        ranges = len(of_kind(model, FakeQuantize))
        parameters = restorer.count_parameters() + ranges
        assert model.count_parameters() == parameters

        wanted = np.asarray(model(inputs[0]))
        error = np.abs(wanted - np.asarray(restorer(inputs[0])))
        assert 0 < error.mean() < 0.02 * np.ptp(wanted)

        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert type(loaded) is QuantizeAware and loaded.calibrated
        assert loaded.get_config() == model.get_config()
        json.dumps(model.get_config())
        np.testing.assert_array_equal(loaded(inputs[0]), wanted)

        model.save_weights(tmp_path / "model.weights.h5")
        again = QuantizeAware(restorer)
        again.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(again(inputs[0]), wanted)

        options = {"sigma": 20.0} if sigma_input else {}
        for height, width in ODD_SIZES:
            odd = random_image((height, width), "uint8")
            restored = model.restore(odd, **options)
            assert restored.shape == odd.shape and restored.dtype == odd.dtype

    def test_what_is_integer(self):
        model = QuantizeAware(small(sigma_input=True))
        floats = [layer.name for layer in model.layers if is_product(layer)]
        assert floats == ["stem", "sigma_embedding", "tail"]
        # 3 blocks of 2, down and up.
        assert len(of_kind(model, QuantizedConv2D)) == 8
        # Each of them, the first sum, which is float, and four more: not the
        # last.
        assert len(of_kind(model, FakeQuantize)) == 8 + 1 + 4

    def test_a_layer_is_an_end_in_all_its_calls_or_in_none(self):
        model = quantize_aware(enliven(Shared()), batches())
        assert [c.name for c in of_kind(model, QuantizedConv2D)] == ["shared"]
        floats = [layer.name for layer in model.layers if is_product(layer)]
        assert floats == ["last"]

    def test_attention_stays_float(self):
        restorer = enliven(PANet(channels=1, num_blocks=2, features=8))
        model = quantize_aware(restorer, batches(size=24, channels=1))
        kinds = [type(layer).__name__ for layer in model.layers]
        assert kinds.count("PyramidAttention") == 1
        assert "ResidualBlock" not in kinds
        floats = [layer.name for layer in model.layers if is_product(layer)]
        assert floats == ["head", "tail"]
        convs = of_kind(model, QuantizedConv2D)
        assert len({conv.name for conv in convs}) == len(convs)
        paths = [variable.path for variable in model.variables]
        assert len(set(paths)) == len(paths)

    def test_activations_of_their_own(self):
        plain = enliven(Plain())
        model = quantize_aware(plain, batches())
        wanted = np.asarray(plain(batches()[0]))
        error = np.abs(np.asarray(model(batches()[0])) - wanted)
        assert 0 < error.mean() < 0.02 * np.ptp(wanted)

    def test_refusals(self):
        with pytest.raises(ValueError, match="mixed_bfloat16; half precision"):
            QuantizeAware(small(dtype="mixed_bfloat16"))
        with pytest.raises(ValueError, match="at least one batch"):
            quantize_aware(small(), [])
        bare = QuantizeAware(small())
        with pytest.raises(ValueError, match="has no ranges yet"):
            bare.restore(random_image((20, 20, 3)))
        with pytest.raises(ValueError, match="give the float model"):
            QuantizeAware(bare)


def train(folder, out, steps):
    keras.utils.set_random_seed(0)
    sampler = PatchSampler(folder, Denoise(25), patch_size=16, batch_size=2)
    restorer = small()
    model = quantize_aware(
        restorer, [sampler.batch(step)[0] for step in range(2)]
    )
    fit(
        Imitation(model, restorer),
        sampler,
        out,
        FitSettings(steps, 1e-3, loss="log_mse", ema=0.999, validate_every=2),
        validate=lambda restorer: {"psnr": 0.0},
        restorer=model,
        progress=False,
    )
    return model


IN_JAX = """
import pathlib
import sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.path.insert(0, sys.argv[1])
from training.quantization import test_quantize_aware as tests
tests.check_training(pathlib.Path(sys.argv[2]))
"""


def check_training(path):
    """Goes on exactly, learns weights and ranges."""
    folder = image_folder(path / "data", 2, (40, 48))
    whole = train(folder, path / "whole", 4)
    train(folder, path / "parts", 2)
    parts = train(folder, path / "parts", 4)
    for one, two in zip(whole.variables, parts.variables, strict=True):
        np.testing.assert_array_equal(one, two, err_msg=one.path)
    ranges = of_kind(whole, FakeQuantize)
    assert all(float(layer.stretch.value) != 0 for layer in ranges)
    before = small().get_layer("tail").get_weights()[0]
    assert np.abs(whole.get_layer("tail").get_weights()[0] - before).min() > 0
    with np.load(path / "whole" / "checkpoint.npz") as state:
        # Names that do not depend on what was built before.
        assert "model/range0/low" in state


def test_training(tmp_path):
    check_training(tmp_path)


def test_training_in_jax_without_tensorflow(tmp_path):
    run_python(IN_JAX, ROOT / "tests", tmp_path, KERAS_BACKEND="jax")


BOTH = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from training.quantization import test_quantize_aware as tests
np.save(sys.argv[2], tests.rounded())
"""


def rounded():
    model = quantize_aware(small(), batches())
    ranges = of_kind(model, FakeQuantize)
    return np.concatenate(
        [np.ravel(model(batches()[0])), [float(layer.high) for layer in ranges]]
    )


def test_backends_agree(tmp_path):
    path = tmp_path / "rounded.npy"
    run_python(BOTH, ROOT / "tests", path, KERAS_BACKEND="jax")
    one, two = np.load(path), rounded()
    # A sum that lies between two steps may go either way.
    difference = np.abs(one - two)
    step = np.ptp(two) / 255
    assert difference.max() < 3 * step and difference.mean() < 0.05 * step
