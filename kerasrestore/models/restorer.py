"""The base of every image restoration model."""

import warnings

import keras
import numpy as np

from kerasrestore import models
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.models.cost import count_macs, count_parameters, live_bytes
from kerasrestore.models.presets import find_preset

# What convolutions need to work in, beside the tensors of the graph: packed
# copies of their inputs and outputs. Measured for DANetMobile at 512 to 2048
# pixels squared: peaks of 0.8 of this forecast under TensorFlow, 0.95 under
# JAX.
WORKSPACE = 2.0


class Restorer(ImageRestorer, keras.Model):
    """A functional Keras model that restores images.

    A subclass builds its graph in `__init__`, passes it on as
    `super().__init__(inputs=..., outputs=...)`, keeps its arguments under
    their own names, gives them back from `get_config`, and sets the
    attributes of `ImageRestorer`.

    Args:
        inputs: as in `keras.Model`.
        outputs: as in `keras.Model`.
        dtype: dtype or dtype policy that the layers were built with.
        name: as in `keras.Model`.
        trainable: as in `keras.Model`.

    Attributes:
        value_range: range of clean images inside the model.
    """

    value_range = (0.0, 1.0)

    # Keras would pass over a misspelt argument; here it is an error.
    def __init__(
        self, inputs, outputs, *, dtype=None, name=None, trainable=True
    ):
        super().__init__(
            inputs=inputs, outputs=outputs, name=name, trainable=trainable
        )
        # A functional model takes no dtype, its layers do; what they were
        # given is kept here so that `get_config` can give it back.
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)

    def base_config(self):
        """What every `get_config` starts from."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)

    @classmethod
    def from_preset(cls, preset, **kwargs):
        """Loads a trained model.

        Args:
            preset: name of a preset (`kerasrestore.presets()` lists them),
                folder that holds one, or `"hf://user/repository"`.
            **kwargs: arguments of the constructor to override; weights have
                to fit all the same.

        Returns:
            The model with its weights.

        Raises:
            ValueError: if there is no such preset, it holds a model of
                another class, its weights' checksum differs, or they do not
                fit the arguments.

        Example:
        >>> from kerasrestore.models.danet.danet_mobile import DANetMobile
        >>> model = DANetMobile.from_preset(
        ...     "danet_mobile_denoise_color_blind_bsd400"
        ... )
        >>> model.task
        'denoise'
        """
        found = find_preset(preset)
        model_class = getattr(models, found.model, None)
        if not (
            isinstance(model_class, type) and issubclass(model_class, Restorer)
        ):
            raise ValueError(
                f"The preset {found.name} holds a {found.model!r}, which this "
                "version of kerasrestore does not know; update it."
            )
        if not issubclass(model_class, cls):
            raise ValueError(
                f"The preset {found.name} holds a {found.model}, not a "
                f"{cls.__name__}; use {found.model}.from_preset."
            )
        config = {**found.config, "name": found.name, **kwargs}
        model = model_class(**config)
        path = found.checked_file("weights")
        try:
            with warnings.catch_warnings():
                # Keras only warns of layers that it leaves untrained.
                warnings.simplefilter("error", UserWarning)
                model.load_weights(path)
        except (ValueError, UserWarning) as error:
            raise ValueError(
                f"The weights of the preset {found.name} do not fit a "
                f"{found.model} with {config}; leave out the arguments that "
                "change its size."
            ) from error
        return model

    def restore_tile(self, tile, sigma):
        low, high = self.value_range
        scaled = tile * (high - low) + low
        inputs = scaled.astype(np.float32)
        if self.sigma_input:
            level = np.full((len(tile), 1), sigma, np.float32)
            inputs = {"image": inputs, "sigma": level}
        restored = np.asarray(self.predict_on_batch(inputs), np.float32)
        return (restored - low) / (high - low)

    def memory_forecast(self, height, width):
        """Bytes that restoring one image takes, beyond what the loaded
        process has.

        Args:
            height: image height in pixels.
            width: image width in pixels.

        Returns:
            Bytes as an int.
        """
        size = [-(-n // self.size_multiple) * self.size_multiple
                for n in (height, width)]  # fmt: skip
        return int(WORKSPACE * live_bytes(self, *size))

    def count_macs(self, height=256, width=256):
        """Multiply-accumulates for one image of that size."""
        return count_macs(self, height, width)

    def count_parameters(self):
        """Trainable scalars."""
        return count_parameters(self)
