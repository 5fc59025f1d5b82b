"""A restorer trained in its own value range, or on central crops."""

import keras


class Trainee(keras.Model):
    """Wraps a restorer for `fit`.

    Patches have clean values in [0, 1]. They are scaled to the restorer's
    `value_range`, in which the loss is computed too, as in the released
    codes: gradient clipping depends on it.

    Args:
        restorer: a `Restorer`.
        loss_crop: side of the central crop of a patch on which the loss is
            computed; 0 for the whole patch.
        residual: whether the restorer predicts the residual to be added to
            its input.

    Call arguments:
        inputs: as the restorer's, images in [0, 1].

    Output shape:
        As the restorer's, in its `value_range`.

    Example:
    >>> import numpy as np
    >>> from kerasrestore import NLRN
    >>> restorer = NLRN(num_steps=1, released="v0", filters=8, key_filters=4)
    >>> trainee = Trainee(restorer, residual=True)
    >>> trainee(np.ones((1, 8, 8, 1), "float32")).shape
    TensorShape([1, 8, 8, 1])
    """

    def __init__(self, restorer, loss_crop=0, residual=False):
        super().__init__()
        self.restorer = restorer
        self.sigma_input = restorer.sigma_input
        self.loss_crop = loss_crop
        self.residual = residual

    def call(self, inputs, training=None):
        image = self._in_range(inputs["image"] if self.sigma_input else inputs)
        scaled = {**inputs, "image": image} if self.sigma_input else image
        output = self.restorer(scaled, training=training)
        return image + output if self.residual else output

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        return super().compute_loss(
            x,
            self._centre(self._in_range(y)),
            self._centre(y_pred),
            sample_weight,
            training=training,
        )

    def _in_range(self, image):
        low, high = self.restorer.value_range
        return image * (high - low) + low

    def _centre(self, image):
        if not self.loss_crop:
            return image
        top, left = ((side - self.loss_crop) // 2 for side in image.shape[1:3])
        return image[
            :, top : top + self.loss_crop, left : left + self.loss_crop
        ]
