"""NLRN: non-local recurrent network."""

import keras
from keras import layers

from kerasrestore.layers.recurrent_non_local_block import (
    RecurrentNonLocalBlock,
)
from kerasrestore.models.checks import check_image_model
from kerasrestore.models.graph_parts import add_residual, image_inputs
from kerasrestore.models.restorer import WORKSPACE, Restorer
from kerasrestore.ops.arguments import whole_numbers

# Defaults of the paper and of the two released codes.
DEFAULTS = {
    None: {"window": 45, "padding": "circular", "propagate": True},
    "master": {"window": None, "padding": "zero", "propagate": False},
    "v0": {"window": None, "padding": "zero", "propagate": True},
}


@keras.saving.register_keras_serializable(package="kerasrestore")
class NLRN(Restorer):
    """Non-local recurrent network.

    A convolution extracts features. In every recurrent step, a non-local
    block compares each pixel with the window around it, two convolutions
    follow, and the first features are added; a final convolution predicts the
    residual. All steps share their weights, except for the batch
    normalisation, and each step passes the correlations of its non-local
    block on to the next.

    For super-resolution the input is first upsampled to the target size by
    bicubic interpolation; one network can handle all factors.

    Args:
        task: what the model restores, `"denoise"` or `"super_resolution"`.
        channels: 1 for gray or luminance, as in the paper; 3 for colour.
        num_steps: number of recurrent steps (T).
        window: side of the square neighbourhood that a pixel is compared with
            (q), odd; `None` for the whole map. `"auto"` is 45, or `None` for
            the released codes.
        padding: padding of the map for the windows, `"circular"` or `"zero"`.
            `"auto"` is `"circular"`, or `"zero"` for the released codes,
            which do not use windows.
        propagate: whether the correlations of earlier steps are added to
            those of the current step. `"auto"` is `True`, or `False` for
            `"master"`.
        released: `None` for the network of the paper; `"master"` or `"v0"`
            for those of the released codes, to load their weights. These have
            no ReLU before the first convolution of the network and of each
            step; `"v0"` has the value range 0..255 and outputs the residual,
            which `restore` adds to the image.
        distance: metric of the non-local block, see
            `RecurrentNonLocalBlock`.
        bandwidth: bandwidth of the Euclidean distance, see
            `RecurrentNonLocalBlock`.
        non_local_every: interval, in steps, at which the non-local block is
            used, starting with the first step; 0 for never.
        shared: whether the steps share the weights of their convolutions.
        filters: channels of the feature maps.
        key_filters: channels of the embeddings by which pixels are compared.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image.

    Input shape:
        `(batch, height, width, channels)` with clean images in `value_range`:
        [0, 1], or [0, 255] with `released="v0"`.

    Output shape:
        `(batch, height, width, channels)`, not clipped: the restored image,
        or the residual with `released="v0"`.

    Raises:
        ValueError: if an argument is out of range, or the image data format
            of Keras is channels first.

    Example:
    >>> import numpy as np
    >>> model = NLRN(num_steps=2, window=7, filters=8, key_filters=4)
    >>> model(np.zeros((1, 31, 47, 1), "float32")).shape
    TensorShape([1, 31, 47, 1])

    References:
        - Liu et al., "Non-Local Recurrent Network for Image Restoration",
          NeurIPS 2018: section 4; tables 1 and 2 and figures 5 and 6 for
          the arguments. The released codes (github.com/Ding-Liu/NLRN and
          NLRN_v0) differ from it as described under `released`.
        - Its 330 K parameters are those of the convolutions, 330,625. The
          "RNN with same parameter no." of table 2 is
          `NLRN(non_local_every=0, filters=135)`, whose convolutions have
          330,886.
    """

    released_layout = "tensorflow"

    def __init__(
        self,
        task="denoise",
        channels=1,
        num_steps=12,
        window="auto",
        padding="auto",
        propagate="auto",
        released=None,
        distance="embedded_gaussian",
        bandwidth=None,
        non_local_every=1,
        shared=True,
        filters=128,
        key_filters=64,
        **kwargs,
    ):
        (num_steps,) = whole_numbers("num_steps", [num_steps], 1)
        (non_local_every,) = whole_numbers("non_local_every", [non_local_every])
        (filters,) = whole_numbers("filters", [filters], 1)
        _check(task, channels, released, propagate)
        defaults = DEFAULTS[released]
        window = defaults["window"] if window == "auto" else window
        padding = defaults["padding"] if padding == "auto" else padding
        if propagate == "auto":
            propagate = defaults["propagate"]
        dtype = kwargs.pop("dtype", None)

        def conv(filters, name):
            return layers.Conv2D(
                filters, 3, padding="same", dtype=dtype, name=name
            )

        def block(name):
            return RecurrentNonLocalBlock(
                key_filters,
                window,
                padding,
                distance,
                bandwidth,
                dtype=dtype,
                name=name,
            )

        def normalize(x, name, rectify=True):
            x = layers.BatchNormalization(dtype=dtype, name=f"{name}_norm")(x)
            if not rectify:
                return x
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(x)

        image, inputs = image_inputs(channels)
        x = normalize(image, "head", rectify=released is None)
        first = x = conv(filters, "head")(x)
        correlations = []
        for step in range(num_steps):
            if step == 0 or not shared:
                suffix = "" if shared else f"{step}"
                non_local = block(f"non_local{suffix}")
                conv_a = conv(filters, f"conv_a{suffix}")
                conv_b = conv(filters, f"conv_b{suffix}")
            if non_local_every and step % non_local_every == 0:
                x = normalize(x, f"step{step}_non_local")
                x, correlation = non_local(x, correlations)
                if propagate:
                    correlations = [*correlations, correlation]
            x = normalize(x, f"step{step}_a", rectify=released is None)
            x = normalize(conv_a(x), f"step{step}_b")
            x = layers.Add(dtype=dtype, name=f"step{step}_add")(
                [conv_b(x), first]
            )
        residual = conv(channels, "tail")(normalize(x, "tail"))
        if released == "v0":
            outputs = layers.Activation(
                "linear", dtype="float32", name="residual"
            )(residual)
        else:
            outputs = add_residual(image, residual)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.num_steps = num_steps
        self.window = window
        self.padding = padding
        self.propagate = bool(propagate)
        self.released = released
        self.distance = distance
        self.bandwidth = bandwidth
        self.non_local_every = non_local_every
        self.shared = bool(shared)
        self.filters = filters
        self.key_filters = key_filters
        if released == "v0":
            self.value_range = (0.0, 255.0)
        # A window reaches 22 pixels, twelve of them with the convolutions 290,
        # and circular ones wrap around the border. For most images so much
        # context would be many times their area, for a negligible
        # contribution, so the receptive field is taken as the whole image.
        self.receptive_field = None

    def count_macs(self, height=256, width=256):
        return super().count_macs(height, width) + sum(
            self._propagation("count_macs", height, width)
        )

    def activation_bytes(self, height, width, overhead=WORKSPACE):
        return super().activation_bytes(height, width, overhead) + max(
            self._propagation("workspace_bytes", height, width), default=0
        )

    def _propagation(self, cost, height, width):
        """Additional cost of the propagated correlations in each step, as
        the general counters see only the first input of a layer."""
        if not (self.propagate and self.non_local_every):
            return []
        block = next(
            layer
            for layer in self.layers
            if isinstance(layer, RecurrentNonLocalBlock)
        )
        cost = getattr(block, cost)
        shape = (1, height, width, self.filters)
        steps = range(0, self.num_steps, self.non_local_every)
        return [
            cost(shape, earlier) - cost(shape) for earlier in range(len(steps))
        ]

    def restore_tile(self, tile, sigma):
        output = super().restore_tile(tile, sigma)
        return tile + output if self.released == "v0" else output

    def released_variables(self):
        if (
            self.released is None
            or self.distance != "embedded_gaussian"
            or self.non_local_every != 1
            or not self.shared
        ):
            raise ValueError(
                "The released weights fit only NLRN(released='master') or "
                "'v0' with the default distance, non_local_every and shared; "
                "build the model with these."
            )
        block = self.get_layer("non_local")
        layers_by_name = {
            "conv1": self.get_layer("head"),
            "rnn/RB1_a": self.get_layer("conv_a"),
            "rnn/RB1_b": self.get_layer("conv_b"),
            "conv_end": self.get_layer("tail"),
            "rnn/non_local_theta": block.embeddings["theta"],
            "rnn/non_local_phi": block.embeddings["phi"],
            "rnn/non_local_g": block.value_embedding,
            "batch_normalization": self.get_layer("head_norm"),
            "batch_normalization_1": self.get_layer("tail_norm"),
        }
        norms = [
            f"step{step}_{place}_norm"
            for step in range(self.num_steps)
            for place in ("non_local", "a", "b")
        ]
        for index, norm in enumerate(norms):
            suffix = f"_{index}" if index else ""
            layer = self.get_layer(norm)
            layers_by_name[f"rnn/batch_normalization{suffix}"] = layer
        return {
            f"{name}/{variable.name}": variable
            for name, layer in layers_by_name.items()
            for variable in layer.variables
        }

    def get_config(self):
        return {
            **self.base_config(),
            "task": self.task,
            "channels": self.channels,
            "num_steps": self.num_steps,
            "window": self.window,
            "padding": self.padding,
            "propagate": self.propagate,
            "released": self.released,
            "distance": self.distance,
            "bandwidth": self.bandwidth,
            "non_local_every": self.non_local_every,
            "shared": self.shared,
            "filters": self.filters,
            "key_filters": self.key_filters,
        }


def _check(task, channels, released, propagate):
    check_image_model("NLRN", task, channels)
    if released not in DEFAULTS:
        raise ValueError(
            "released must be None for the network of the paper, 'master' or "
            f"'v0', got {released!r}."
        )
    if propagate not in ("auto", True, False):
        raise ValueError(
            f"propagate must be True, False or 'auto', got {propagate!r}."
        )
