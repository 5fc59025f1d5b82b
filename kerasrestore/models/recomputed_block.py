"""Blocks whose feature maps are computed again for the gradient."""

import contextlib

import keras
from keras import layers

from kerasrestore.keras_internals import all_layers


class RecomputedBlock(layers.Layer):
    """Base class of blocks that can trade time for memory in training.

    For the gradient, all feature maps inside a block are kept from the
    forward pass. With `recompute` set, only its inputs are: the maps are
    computed a second time when the gradient needs them. This is no part of
    the block's configuration and changes neither its weights nor, but for
    rounding, its output and gradient; `recomputed` sets it for a whole model.

    A subclass has its computation in `forward`, whose arguments are tensors,
    and calls `self.run` in `call`.

    Args:
        **kwargs: as in `keras.layers.Layer`.

    Attributes:
        recompute: whether to do so.

    Example:
    >>> import keras
    >>> class Cube(RecomputedBlock):
    ...     def call(self, x):
    ...         return self.run(x)
    ...
    ...     def forward(self, x):
    ...         return x * x * x
    >>> block = Cube()
    >>> with recomputed(block):
    ...     float(block(keras.ops.ones(()))), block.recompute
    (1.0, True)
    >>> block.recompute
    False

    References:
        - Chen et al., "Training deep nets with sublinear memory cost", 2016.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.recompute = False

    def run(self, *inputs):
        """`forward`, with or without storing what is in between.

        Args:
            *inputs: tensors.
        """
        if self.recompute:
            return keras.remat(self.forward)(*inputs)
        return self.forward(*inputs)

    def forward(self, *inputs):
        """The output of the block."""
        raise NotImplementedError


@contextlib.contextmanager
def recomputed(model):
    """Context in which all blocks of a model recompute their feature maps.

    A function that was traced before keeps doing what it did.

    Args:
        model: layer or model with instances of `RecomputedBlock`. A block
            within a block is left alone: its maps are recomputed with those
            of the outer one.

    Raises:
        ValueError: if there is none.
    """
    blocks = [x for x in all_layers(model) if isinstance(x, RecomputedBlock)]
    inner = {
        id(layer)
        for block in blocks
        for layer in all_layers(block, include_self=False)
    }
    blocks = [block for block in blocks if id(block) not in inner]
    if not blocks:
        raise ValueError(
            f"{type(model).__name__} has no blocks that can be recomputed, as "
            "RNAN and DANet have; leave --recompute out (recompute=False)."
        )
    try:
        for block in blocks:
            block.recompute = True
        yield
    finally:
        for block in blocks:
            block.recompute = False
