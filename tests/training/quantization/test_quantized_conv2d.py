import numpy as np
from keras import ops
from testing import random_image

from kerasrestore.training.quantization.quantized_conv2d import (
    QuantizedConv2D,
    quantize_kernel,
)


def test_kernels_are_rounded_channel_by_channel():
    kernel = random_image((3, 3, 8, 5)) - 0.5
    kernel *= np.float32([1, 0.1, 10, 1, 0])
    rounded = np.asarray(quantize_kernel(ops.convert_to_tensor(kernel)))
    step = np.abs(kernel).max((0, 1, 2)) / 127
    assert (np.abs(rounded - kernel) <= 0.501 * step).all()
    whole = rounded[..., :4] / step[:4]
    np.testing.assert_allclose(whole, np.round(whole), atol=2e-3)
    assert set(np.abs(np.round(whole)).max((0, 1, 2))) == {127}


def test_all_weights_learn():
    # The largest weight of a channel lies on the edge of the range.
    conv = QuantizedConv2D(4, 3)
    x = random_image((1, 3, 3, 2))
    conv.build(x.shape)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = ops.sum(conv(x))
    gradient = tape.gradient(loss, conv.kernel.value)
    np.testing.assert_allclose(
        gradient, np.repeat(x[0, ..., None], 4, -1), rtol=1e-5
    )
