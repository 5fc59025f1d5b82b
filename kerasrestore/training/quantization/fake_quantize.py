"""Fake quantization of feature maps, with a learned range."""

import keras
from keras import ops

# Fractions of the range between the extremes to try.
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# The optimizer's steps are as large as its learning rate, which is chosen
# for weights; a range must move faster.
SPEED = 10.0


@keras.saving.register_keras_serializable(package="kerasrestore")
class FakeQuantize(keras.layers.Layer):
    """Rounds a feature map to 256 steps of one range, as int8 would.

    The range is initialized by `observe` and then learned: a factor on both
    ends, with the gradients of clipping at the ends and of rounding in
    between. Zero is always one of the 256 values, as LiteRT requires for
    padding.

    The gradient with respect to the map passes unchanged inside the range
    and is zero outside.

    Args:
        **kwargs: `name` and others, as in `keras.layers.Layer`.

    Call arguments:
        x: feature map, float32.
        training: whether gradients will be computed.

    Input shape:
        Any.

    Output shape:
        The same.

    Attributes:
        observing: while it is set, maps are not rounded, and the range is
            computed from them. If extremes are rare, as with noise, the
            range is narrower, as finer steps are worth more.

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
        """Lower and upper end of the range."""
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
        clipped = ops.minimum(ops.maximum(x, low), high)
        # The rounding error is proportional to the range.
        stretch = (high - low) / ops.stop_gradient(high - low)
        return clipped + ops.stop_gradient(rounded - clipped) * stretch

    def observe(self, x):
        """Widens the range to the one with the least error for a map."""
        # Zero is in every range, and a map of zeros still needs a step size.
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
        """0: it does not exist in an 8-bit graph."""
        return 0


def _rounded(x, low, high):
    return keras.quantizers.fake_quant_with_min_max_vars(x, low, high)
