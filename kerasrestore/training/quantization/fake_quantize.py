"""Fake quantization of feature maps, with a range that is learned."""

import keras
from keras import ops

# Shares of the range between the extremes that are tried.
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# The optimizer's steps are of the size of its rate, and that is meant for
# weights; a range has to move faster.
SPEED = 10.0


@keras.saving.register_keras_serializable(package="kerasrestore")
class FakeQuantize(keras.layers.Layer):
    """Rounds a feature map to 256 steps of one range, as int8 would.

    The range begins as the one that `observe` found, and is then learned: a
    factor on both its ends, by the gradient of what is cut off at the ends
    and of the rounding between them. Zero is always one of the 256 values,
    as LiteRT wants it for padding.

    To the map the gradient passes where a value lies in the range.

    Args:
        **kwargs: `name` and the like, as in `keras.layers.Layer`.

    Call arguments:
        x: feature map, float32.
        training: whether there will be a gradient.

    Input shape:
        Any.

    Output shape:
        The same.

    Attributes:
        observing: while it is set, maps are not rounded, and the range is
            taken from them. Where the extremes are rare, as those of noise
            are, the range is narrower: finer steps are worth more.

    Example:
    >>> import numpy as np
    >>> layer = FakeQuantize()
    >>> x = np.linspace(-1, 1.55, 1000, dtype="float32")
    >>> layer.observing = True
    >>> y = layer(x)
    >>> layer.observing = False
    >>> len(np.unique(layer(x)))
    256

    References:
        - Jacob et al., "Quantization and Training of Neural Networks for
          Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 3.
        - Esser et al., "Learned Step Size Quantization", ICLR 2020, for the
          gradient; Jain et al., "Trained Quantization Thresholds", MLSys
          2020, for learning a logarithm.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.observing = False

    def build(self, input_shape):
        def state(name, trainable=False):
            return self.add_weight(
                name=name, shape=(), initializer="zeros", trainable=trainable
            )

        self.low, self.high = state("low"), state("high")
        self.stretch = state("stretch", trainable=True)

    @property
    def range(self):
        """Lower and upper end."""
        stretch = ops.exp(SPEED * ops.convert_to_tensor(self.stretch))
        return self.low * stretch, self.high * stretch

    def call(self, x, training=False):
        if self.observing:
            self.observe(x)
            return x
        low, high = self.range
        if not training:
            return _rounded(x, low, high)
        rounded = _rounded(*map(ops.stop_gradient, (x, low, high)))
        cut = ops.minimum(ops.maximum(x, low), high)
        # The error of rounding is proportional to the range.
        stretch = (high - low) / ops.stop_gradient(high - low)
        return cut + ops.stop_gradient(rounded - cut) * stretch

    def observe(self, x):
        """Widens the range to the one with the least error for a map."""
        # Zero lies in every range, and a map of zeros still needs a step.
        low = ops.minimum(ops.min(x), 0.0)
        high = ops.maximum(ops.max(x), 1e-6)
        errors = [
            ops.mean(ops.square(_rounded(x, share * low, share * high) - x))
            for share in SHARES
        ]
        share = SHARES[int(ops.argmin(ops.stack(errors)))]
        self.low.assign(ops.minimum(self.low, share * low))
        self.high.assign(ops.maximum(self.high, share * high))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """None: in an 8-bit graph there is nothing of it."""
        return 0


def _rounded(x, low, high):
    return keras.quantizers.fake_quant_with_min_max_vars(x, low, high)
