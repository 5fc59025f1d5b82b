"""Dense layer with weights rounded to int8."""

import keras
from keras import ops

from kerasrestore.training.quantization.quantized_conv2d import quantize_kernel


@keras.saving.register_keras_serializable(package="kerasrestore")
class QuantizedDense(keras.layers.Dense):
    """`keras.layers.Dense` that rounds its kernel to int8 in every call.

    Args:
        *args, **kwargs: as in `keras.layers.Dense`.

    Call arguments:
        inputs: rounded features.

    Input shape:
        `(..., features)`.

    Output shape:
        `(..., units)`.

    Example:
    >>> import numpy as np
    >>> QuantizedDense(4)(np.zeros((2, 3), "float32")).shape
    TensorShape([2, 4])
    """

    def call(self, inputs):
        outputs = ops.matmul(inputs, quantize_kernel(self.kernel))
        if self.use_bias:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)
