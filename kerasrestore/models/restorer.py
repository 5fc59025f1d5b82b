"""Base class of all image restoration models."""

import warnings

import keras
import numpy as np

from kerasrestore import models
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.inference.memory import returns_freed_memory
from kerasrestore.inference.tile_choice import round_up
from kerasrestore.keras_internals import all_layers
from kerasrestore.messages import one_line, reason
from kerasrestore.models.checkpoints.released_state import assign_released
from kerasrestore.models.checks import check_network_size
from kerasrestore.models.cost import count_macs, count_parameters, live_bytes
from kerasrestore.models.presets import find_preset

# Memory of the network as a multiple of its live activations. TensorFlow
# computes in place and frees at once (DANetMobile, 128 to 1024 pixels: 1.0,
# here with a margin), but without a memory limit the C library keeps what was
# freed. JAX is in between (DANetMobile, tiles of 170 to 1600 pixels: 1.3 to
# 1.6).
WORKSPACE = 2.0
RETURNED = 1.15
JAX_WORKSPACE = 1.45
# Copies of a tile's pixels beside the network: floats, scaled, as a tensor.
COPIES = 3
# Bytes of a model's first graph under TensorFlow, of a further one, of one
# under JAX, and of XLA for attention, which takes far more than convolutions.
FIRST_GRAPH, GRAPH, JAX_GRAPH = 12 * 10**6, 4 * 10**6, 8 * 10**6
COMPILER = 150 * 10**6
# Number of tile sizes whose graphs are cached.
GRAPHS = 8


class Restorer(ImageRestorer, keras.Model):
    """A functional Keras model that restores images.

    A subclass builds its graph in `__init__`, passes it to
    `super().__init__(inputs=..., outputs=...)`, stores its arguments as
    attributes of the same names, returns them from `get_config`, and sets the
    attributes of `ImageRestorer`.

    Args:
        inputs: as in `keras.Model`.
        outputs: as in `keras.Model`.
        dtype: dtype or dtype policy that the layers were built with.
        name: as in `keras.Model`.
        trainable: as in `keras.Model`.

    Attributes:
        value_range: range of clean images at the model input.
        released_layout: `"pytorch"` or `"tensorflow"`, the kernel layout of
            the released checkpoints.
    """

    value_range = (0.0, 1.0)
    released_layout = "pytorch"

    # Keras would ignore a misspelt argument; here it is an error.
    def __init__(
        self, inputs, outputs, *, dtype=None, name=None, trainable=True
    ):
        super().__init__(
            inputs=inputs, outputs=outputs, name=name, trainable=trainable
        )
        self._graphs = _Graphs()
        # Functional models take no dtype, only their layers do; it is stored
        # here so that `get_config` can return it.
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)

    def base_config(self):
        """Entries common to the config of every model."""
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
                preset folder, or `"hf://user/repository"`.
            **kwargs: constructor arguments to override; the weights must
                still fit.

        Returns:
            The model with its weights.

        Raises:
            ValueError: if the preset does not exist or contains a model of
                another class, or its weights have a wrong checksum or do not
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
                f"The preset {found.name} contains a {found.model!r}, which "
                "this version of kerasrestore does not know; update it."
            )
        if not issubclass(model_class, cls):
            raise ValueError(
                f"The preset {found.name} contains a {found.model}, not a "
                f"{cls.__name__}; use {found.model}.from_preset."
            )
        check_network_size(found)
        config = {**found.config, "name": found.name, **kwargs}
        try:
            model = model_class(**config)
        except (ValueError, MemoryError):
            raise
        except Exception as error:
            if kwargs:
                raise
            raise ValueError(
                f"The card of the preset {found.name} has arguments that no "
                f"{found.model} takes ({reason(error)}); download it again."
            ) from error
        model.load_preset_weights(
            found, "weights", f"{found.model} with {config}"
        )
        return model

    def save_preset(self, folder, **options):
        """Saves the model as a preset, for `from_preset` to load.

        Args:
            folder: folder to write; its name becomes the preset name.
            **options: as in `kerasrestore.export.save_preset.save_preset`.

        Returns:
            The `Preset`.

        Example:
        >>> import tempfile
        >>> from kerasrestore import DANetMobile
        >>> from kerasrestore.tasks import Denoise
        >>> model = DANetMobile(widths=(8, 16))
        >>> preset = model.save_preset(
        ...     f"{tempfile.mkdtemp()}/small",
        ...     task=Denoise((0, 55)),
        ...     description="An untrained example.",
        ...     training_data="none",
        ...     license="Apache-2.0",
        ...     tile=96,
        ... )
        >>> DANetMobile.from_preset(preset.path).name
        'small'
        """
        from kerasrestore.export.save_preset import save_preset

        return save_preset(self, folder, **options)

    def load_preset_weights(self, preset, role, what):
        """Loads weights of a preset after verifying their checksum.

        Args:
            preset: `Preset`.
            role: role of the file in the card.
            what: description of this model for error messages.

        Raises:
            ValueError: if the file is missing or damaged, or does not fit.
        """
        path = preset.checked_file(role)
        try:
            with warnings.catch_warnings():
                # Keras only warns about layers that it does not load.
                warnings.simplefilter("error", UserWarning)
                self.load_weights(path)
        except (ValueError, UserWarning) as error:
            raise ValueError(
                f"The weights of the preset {one_line(preset.name)} do not fit "
                f"a {one_line(what)}; omit the arguments that change the "
                "architecture."
            ) from error
        # HDF5 fails in many ways on damaged files with a valid checksum.
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError(
                f"{path} holds no weights that can be read ({reason(error)}); "
                "download the preset again."
            ) from error

    def released_variables(self):
        """Maps the names in released checkpoints to variables.

        Returns:
            Dictionary: state name -> variable of this model, or a constant
            array that the state, if it contains the name, must equal. Several
            names may map to one variable.

        Raises:
            ValueError: if there is no released code for this network.
        """
        raise ValueError(
            f"No released code exists for this {type(self).__name__}; load a "
            "preset or a .weights.h5 file."
        )

    def load_released_state(self, state):
        """Loads the weights of the released research code.

        Args:
            state: mapping from released names to arrays in the layout of the
                released code; `kerasrestore.import_checkpoint` reads one from
                a file.

        Raises:
            ValueError: if names are missing or unexpected, shapes differ or
                values are not finite: the message lists them all and nothing
                is loaded. Also if there is no released code for this network.
        """
        assign_released(self.released_variables(), state, self.released_layout)

    def __call__(self, inputs, *args, **kwargs):
        self._check_size(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def stateless_call(
        self, trainable_variables, non_trainable_variables, *args, **kwargs
    ):
        # Under JAX, fit and predict call this one.
        self._check_size(args[0] if args else kwargs.get("inputs"))
        return super().stateless_call(
            trainable_variables, non_trainable_variables, *args, **kwargs
        )

    def _check_size(self, inputs):
        """Raises ValueError for image sizes that the network does not
        support."""
        image = inputs.get("image") if isinstance(inputs, dict) else inputs
        shape = getattr(image, "shape", None)
        if self.size_multiple == 1 or shape is None or len(shape) != 4:
            return
        height, width = shape[1], shape[2]
        if any(side and side % self.size_multiple for side in (height, width)):
            raise ValueError(
                f"{self.name} needs heights and widths that are multiples of "
                f"{self.size_multiple}, got {height}x{width}; pad the images, "
                "or call restore, which accepts any size."
            )

    def restore_tile(self, tile, sigma):
        low, high = self.value_range
        inputs = np.asarray(tile * (high - low) + low, np.float32)
        shape = inputs.shape
        if self.sigma_input:
            level = np.full((len(tile), 1), sigma, np.float32)
            inputs = {"image": inputs, "sigma": level}
        if keras.backend.backend() == "tensorflow":
            restored = self._graphs.run(self, inputs, shape)
        else:
            restored = self.predict_on_batch(inputs)
            self._graphs.add(shape)
        restored = np.asarray(restored, np.float32)
        return (restored - low) / (high - low)

    def memory_forecast(self, height, width):
        """Memory needed to restore one image in one piece, beyond what the
        process holds, with the present backend and allocator.

        Args:
            height: image height in pixels.
            width: image width in pixels.

        Returns:
            Bytes as an int.
        """
        height, width = (
            round_up(side, self.size_multiple) for side in (height, width)
        )
        jax = keras.backend.backend() == "jax"
        overhead = WORKSPACE
        if jax:
            overhead = JAX_WORKSPACE
        elif returns_freed_memory():
            overhead = RETURNED
        needed = self.activation_bytes(height, width, overhead)
        needed += COPIES * 4 * height * width * self.channels
        if (1, height, width, self.channels) not in self._graphs:
            if jax:
                needed += JAX_GRAPH
            else:
                needed += GRAPH if self._graphs else FIRST_GRAPH
            if any(
                getattr(layer, "compiled_by_xla", False)
                for layer in all_layers(self)
            ):
                needed += COMPILER
        return needed

    def activation_bytes(self, height, width, overhead=WORKSPACE):
        """Memory of the network's activations for one image.

        Args:
            height: image height in pixels, a multiple of `size_multiple`.
            width: image width, likewise.
            overhead: as in `kerasrestore.models.cost.live_bytes`.

        Returns:
            Bytes as an int.
        """
        return int(live_bytes(self, height, width, overhead))

    def count_macs(self, height=256, width=256):
        """Multiply-accumulates for one image of the given size."""
        return count_macs(self, height, width)

    def count_parameters(self):
        """Number of trainable parameters."""
        return count_parameters(self)


class _Graphs:
    """Cache of TensorFlow graphs of the network, one per image size.

    Keras' own `predict` would retrace to one graph for all sizes, in which
    they are unknown, but attention has to know them. It would also compile
    with XLA, whose convolutions take twice as long on a CPU.

    A plain object, so that neither Keras nor TensorFlow tracks the graphs as
    part of the model when saving it.
    """

    def __init__(self):
        self._by_shape = {}

    def __len__(self):
        return len(self._by_shape)

    def __contains__(self, shape):
        return shape in self._by_shape

    def add(self, shape):
        """Remembers a size whose graph Keras itself keeps."""
        self._by_shape[shape] = None

    def __deepcopy__(self, memo):
        return _Graphs()

    def __reduce__(self):
        return _Graphs, ()

    def run(self, model, inputs, shape):
        import tensorflow as tf

        # Other threads may add and evict graphs concurrently.
        graph = self._by_shape.get(shape)
        if graph is None:
            specs = keras.tree.map_structure(
                lambda x: tf.TensorSpec(x.shape, x.dtype), inputs
            )
            graph = tf.function(
                lambda inputs: model(inputs, training=False), autograph=False
            ).get_concrete_function(specs)
            self._by_shape[shape] = graph
            for other in list(self._by_shape)[:-GRAPHS]:
                self._by_shape.pop(other, None)
        return graph(inputs)
