"""A restorer that computes with the numbers that int8 can hold."""

import keras
from keras import ops

from kerasrestore.models.presets import INT8_WEIGHTS, find_preset
from kerasrestore.models.restorer import Restorer
from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.quantized_graph import quantized_graph


def quantize_aware(restorer, batches, **kwargs):
    """Makes a model for quantization-aware training of a trained one.

    Args:
        restorer: float32 `Restorer`; it is left as it is.
        batches: batches of inputs like those of the training, from which
            the ranges of all feature maps are taken; 16 of 16 patches do.
        **kwargs: as in `QuantizeAware`.

    Returns:
        A `QuantizeAware` with the weights of `restorer`.

    Raises:
        ValueError: if the model does not compute in float32 or there are no
            batches.

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
    """A restorer that rounds inside to the numbers that int8 can hold.

    It is made of a trained float model, has its inputs, its output and its
    name, and is trained, saved and used like one. Weights are rounded for
    each output channel, feature maps to 256 steps each; gradients pass
    through the rounding. Training it teaches the network to live with that.
    `export_tflite(model, path, to="int8")` then writes an integer network
    with exactly these ranges.

    Convolutions, dense layers, sums, ReLU and what only moves values are
    integer, inside `ResidualBlock` and `Upsampler` too. The first and the
    last convolution stay float, and so do all other layers: attention,
    deformable convolution, normalisation, PReLU.
    `quantized_graph` has the whole rule.

    Under TensorFlow the rounding is the operation that the TFLite converter
    knows; under JAX it is the same arithmetic.

    Args:
        restorer: float32 `Restorer` whose weights are copied. Make the model
            with `quantize_aware`, which finds the ranges as well.
        **kwargs: `name` and `trainable` as in `keras.Model`.

    Call arguments:
        inputs: as the restorer's.

    Input shape:
        As the restorer's.

    Output shape:
        As the restorer's.

    Raises:
        ValueError: if the restorer does not compute in float32 or rounds
            already.

    Attributes:
        calibrated: whether all ranges were taken from inputs. Without them
            the model refuses to restore.

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
        # The graph is built over layers of its own: the model that was given
        # stays as it is.
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
        """Loads the model that a preset's int8 file was made of.

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
        """Takes the ranges of all feature maps from batches of inputs.

        Raises:
            ValueError: if there are none.
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
                "Ranges are taken from at least one batch of inputs, got none."
            )

    @property
    def _ranges(self):
        return [x for x in self.layers if isinstance(x, FakeQuantize)]

    @property
    def calibrated(self):
        """Whether all ranges were taken from inputs."""
        return all(
            float(ops.convert_to_numpy(layer.high)) > 0
            for layer in self._ranges
        )

    def restore_tile(self, tile, sigma):
        if not self.calibrated:
            raise ValueError(
                f"{self.name} has no ranges yet; train it, load its weights "
                "or make it with quantize_aware."
            )
        return super().restore_tile(tile, sigma)


def _copy(restorer):
    config = keras.saving.serialize_keras_object(restorer)
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(restorer.get_weights())
    return copy


def _uncounted(config):
    """A configuration without the numbers that objects have while Keras
    loads a file."""
    if isinstance(config, list):
        return [_uncounted(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _uncounted(value)
        for key, value in config.items()
        if key != "shared_object_id"
    }
