"""NLRN: a recurrent network with non-local blocks."""

import keras
from keras import layers

from kerasrestore.layers.recurrent_non_local_block import (
    RecurrentNonLocalBlock,
)
from kerasrestore.models.checks import check_image_model
from kerasrestore.models.graph_parts import add_residual, image_inputs
from kerasrestore.models.restorer import Restorer
from kerasrestore.ops.arguments import whole_numbers

# What the paper and the two released codes take where nothing is given.
DEFAULTS = {
    None: {"window": 45, "padding": "circular", "propagate": True},
    "master": {"window": None, "padding": "zero", "propagate": False},
    "v0": {"window": None, "padding": "zero", "propagate": True},
}


@keras.saving.register_keras_serializable(package="kerasrestore")
class NLRN(Restorer):
    """Non-local recurrent network.

    A convolution makes features of the image. In every step of the
    recurrence a non-local block compares each pixel with the window around
    it, two convolutions follow, and the first features are added; a last
    convolution gives what has to be added to the image. Steps share their
    weights, but for the batch normalisation, and hand the correlations of
    the non-local block on.

    For super-resolution the network works on an image that was enlarged
    before, by bicubic interpolation to the wanted size; one network serves
    all factors.

    Args:
        task: what the model restores, `"denoise"` or `"super_resolution"`.
        channels: 1 for gray or luminance, as in the paper; 3 for colour.
        num_steps: steps of the recurrence (T).
        window: side of the square around a pixel that it is compared with
            (q), odd; `None` for the whole map. `"auto"` is 45, and `None`
            in the released codes.
        padding: what surrounds the map for the windows, `"circular"` or
            `"zero"`. `"auto"` is `"circular"`; in the released codes, where
            windows are left unused, `"zero"`.
        propagate: whether the correlations of earlier steps are added to
            those of a step. `"auto"` is `True`, in `"master"` `False`.
        released: `None` for the network of the paper, `"master"` or `"v0"`
            for that of the released codes, whose weights then fit. They
            have no ReLU before the first convolution of the network
            and of a step; `"v0"` works on 0..255 and gives the residual,
            what has to be added to the image; `restore` adds it.
        distance: metric of the non-local block, see
            `RecurrentNonLocalBlock`.
        bandwidth: of the Euclidean distance, likewise.
        non_local_every: the non-local block is used in the first step and
            every so many steps from there; 0 for never.
        shared: whether the steps share the weights of their convolutions.
        filters: channels of the features.
        key_filters: channels in which pixels are compared.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image.

    Input shape:
        `(batch, height, width, channels)` with `value_range` as the range of
        clean images: [0, 1], with `released="v0"` [0, 255].

    Output shape:
        `(batch, height, width, channels)`, not clipped: the restored image,
        with `released="v0"` the residual.

    Raises:
        ValueError: if an argument is out of its range, or the backend's
            image layout is channels first.

    Example:
    >>> import numpy as np
    >>> model = NLRN(num_steps=2, window=7, filters=8, key_filters=4)
    >>> model(np.zeros((1, 31, 47, 1), "float32")).shape
    TensorShape([1, 31, 47, 1])

    References:
        - Liu et al., "Non-Local Recurrent Network for Image Restoration",
          NeurIPS 2018: section 4; tables 1 and 2 and figures 5 and 6 for
          the arguments. The released codes (github.com/Ding-Liu/NLRN and
          NLRN_v0) differ from it as `released` says.
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
        # Windows see 22 pixels far, twelve of them and the convolutions 290,
        # and circular ones across the border: so much context would cost
        # most images many times their own area, for pixels that hardly
        # matter. The network counts as one that sees the whole image.
        self.receptive_field = None

    def count_macs(self, height=256, width=256):
        return super().count_macs(height, width) + sum(
            self._propagation("count_macs", height, width)
        )

    def memory_forecast(self, height, width):
        return super().memory_forecast(height, width) + max(
            self._propagation("workspace_bytes", height, width), default=0
        )

    def _propagation(self, cost, height, width):
        """What the earlier steps' correlations add to the cost of each
        step; the general counters look at a layer's first input alone."""
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
                "The released weights fit NLRN(released='master') or 'v0' "
                "with shared steps, each with a non-local block of the "
                "distance 'embedded_gaussian'."
            )
        block = self.get_layer("non_local")
        homes = {
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
            home = self.get_layer(norm)
            homes[f"rnn/batch_normalization{suffix}"] = home
        return {
            f"{name}/{variable.name}": variable
            for name, layer in homes.items()
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
            "released is None for the paper's network, 'master' or 'v0', got "
            f"{released!r}."
        )
    if propagate not in ("auto", True, False):
        raise ValueError(
            f"propagate is True, False or 'auto', got {propagate!r}."
        )
