"""A restorer whose weights and feature maps are rounded as in int8."""

import keras
from keras import ops

from kerasrestore.models.presets import INT8_WEIGHTS, find_preset
from kerasrestore.models.restorer import Restorer
from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.quantized_graph import quantized_graph


def quantize_aware(restorer, batches, **kwargs):
    """Converts a trained model for quantization-aware training.

    Args:
        restorer: float32 `Restorer`; it is not changed.
        batches: batches of inputs like those of the training, from which
            the ranges of all feature maps are initialized; 16 batches of 16
            patches are enough.
        **kwargs: as in `QuantizeAware`.

    Returns:
        A `QuantizeAware` with the weights of `restorer`.

    Raises:
        ValueError: if the model does not compute in float32 or no batches
            are given.

    Example:
    >>> import numpy as np
    >>> from kerasrestore import DANetMobile
    >>> patches = np.random.default_rng(0).random((2, 4, 32, 32, 3), "float32")
    >>> model = quantize_aware(DANetMobile(widths=(8, 16)), patches)
    >>> model.restore(patches[0, 0]).shape
    (32, 32, 3)
    """
    model = QuantizeAware(restorer, **kwargs)
    model.calibrate(batches)
    return model


@keras.saving.register_keras_serializable(package="kerasrestore")
class QuantizeAware(Restorer):
    """A restorer whose weights and feature maps are rounded as in int8.

    It is built from a trained float model, has the same inputs, output and
    name, and is trained, saved and used like one. Weights are rounded per
    output channel, feature maps to 256 steps each; gradients pass through
    the rounding, so that training adapts the network to it.
    `export_tflite(model, path, to="int8")` then writes an integer network
    with exactly these ranges.

    Convolutions, dense layers, sums, ReLU and operations that only move
    values are integer, also inside `ResidualBlock` and `Upsampler`. The
    first and the last convolution stay float, as do all other layers:
    attention, deformable convolution, normalisation, PReLU.
    `quantized_graph` documents the exact rule.

    With TensorFlow, the rounding is the operation that the TFLite converter
    recognizes; with JAX, it is the same arithmetic.

    Args:
        restorer: float32 `Restorer` whose weights are copied. Use
            `quantize_aware` to initialize the ranges as well.
        **kwargs: `name` and `trainable` as in `keras.Model`.

    Call arguments:
        inputs: as the restorer's.

    Input shape:
        As the restorer's.

    Output shape:
        As the restorer's.

    Raises:
        ValueError: if the restorer does not compute in float32 or is
            quantization-aware already.

    Attributes:
        calibrated: whether all ranges are initialized. Without them the
            model refuses to restore.

    References:
        - Jacob et al., "Quantization and Training of Neural Networks for
          Efficient Integer-Arithmetic-Only Inference", CVPR 2018.
    """

    def __init__(self, restorer, **kwargs):
        if isinstance(restorer, QuantizeAware):
            raise ValueError(
                f"{restorer.name} is quantization-aware already; give the "
                "float model."
            )
        policies = {layer.dtype_policy.name for layer in restorer.layers}
        policies.discard("float32")
        if policies:
            raise ValueError(
                f"{restorer.name} computes in {', '.join(sorted(policies))}; "
                "half precision cannot hold the steps of int8: build it "
                "without dtype and load its weights."
            )
        # The graph is built from copies of the layers, so that the given
        # model is not changed.
        inputs, outputs = quantized_graph(_copy(restorer))
        super().__init__(
            inputs=inputs,
            outputs=outputs,
            **{"name": restorer.name, **kwargs},
        )
        self._restorer_config = _uncounted(
            keras.saving.serialize_keras_object(restorer)
        )
        for name in (
            "task",
            "channels",
            "scale",
            "size_multiple",
            "receptive_field",
            "largest_tile",
            "sigma_input",
            "value_range",
        ):
            setattr(self, name, getattr(restorer, name))

    def get_config(self):
        return {
            **self.base_config(),
            "restorer": self._restorer_config,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        restorer = keras.saving.deserialize_keras_object(
            config["restorer"], custom_objects=custom_objects
        )
        return cls(**{**config, "restorer": restorer})

    @classmethod
    def from_preset(cls, preset, **kwargs):
        """Loads the model from which a preset's int8 file was exported.

        Args:
            preset: name or folder of the preset, or
                `"hf://user/repository"`.
            **kwargs: `name` and `trainable`, as in `QuantizeAware`.

        Returns:
            A `QuantizeAware` with weights and ranges as trained.

        Raises:
            ValueError: if there is no such preset, it was not trained for
                int8, or its files are damaged.

        Example:
        >>> model = QuantizeAware.from_preset(
        ...     "danet_mobile_denoise_color_blind_bsd400"
        ... )
        >>> model.calibrated
        True
        """
        found = find_preset(preset)
        if INT8_WEIGHTS not in found.files:
            raise ValueError(
                f"The preset {found.name} was not trained for int8; train it "
                "with recipes/quantize_aware.py, or export it with training "
                "images for the ranges."
            )
        restorer = Restorer.from_preset(found.path)
        model = cls(restorer, **{"name": found.name, **kwargs})
        model.load_preset_weights(
            found, INT8_WEIGHTS, f"quantization-aware {found.model}"
        )
        return model

    def calibrate(self, batches):
        """Initializes the ranges of all feature maps from input batches.

        Raises:
            ValueError: if there are no batches.
        """
        try:
            for layer in self._ranges:
                layer.observing = True
            for batch in batches:
                self(batch)
        finally:
            for layer in self._ranges:
                layer.observing = False
        if not self.calibrated:
            raise ValueError(
                "The ranges need at least one batch of inputs, got none."
            )

    @property
    def _ranges(self):
        return [x for x in self.layers if isinstance(x, FakeQuantize)]

    @property
    def calibrated(self):
        """Whether all ranges are initialized."""
        return all(
            float(ops.convert_to_numpy(layer.high)) > 0
            for layer in self._ranges
        )

    def restore_tile(self, tile, sigma):
        if not self.calibrated:
            raise ValueError(
                f"{self.name} has no ranges yet; train it, load its weights "
                "or build it with quantize_aware."
            )
        return super().restore_tile(tile, sigma)


def _copy(restorer):
    config = keras.saving.serialize_keras_object(restorer)
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(restorer.get_weights())
    return copy


def _uncounted(config):
    """A configuration without the ids that Keras gives to shared objects."""
    if isinstance(config, list):
        return [_uncounted(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _uncounted(value)
        for key, value in config.items()
        if key != "shared_object_id"
    }
