"""What attention looks at."""

from dataclasses import dataclass

import numpy as np

from kerasrestore.layers.non_local_block import NonLocalBlock
from kerasrestore.layers.pyramid_attention import PyramidAttention
from kerasrestore.layers.recurrent_non_local_block import (
    RecurrentNonLocalBlock,
)
from kerasrestore.visualize.attention_weights import (
    non_local_weights,
    pyramid_weights,
    window_weights,
)
from kerasrestore.visualize.recorded_calls import (
    check_position,
    exact,
    recorded_calls,
)


@dataclass(eq=False)
class AttentionMap:
    """Weights that attention gives to the places of one map.

    Attributes:
        layer: name of the layer of the model.
        title: which map of the layer it is: a level or a step.
        weights: float64 array `(height, width)`.
        box: `(top, left, bottom, right)` of the map in pixels of the image; a
            window may reach beyond it.
    """

    layer: str
    title: str
    weights: np.ndarray
    box: tuple

    @property
    def share(self):
        """Sum of the weights. The levels of a pyramid share one softmax, so
        that theirs add up to 1."""
        return float(self.weights.sum())


def attention_maps(model, image, position, sigma=None):
    """Correlation maps of one pixel, the query.

    - PANet's pyramid attention: a map for each level, from fine to coarse.
    - NLRN's non-local block: a map of the window for each recurrent step,
      from the correlations that have added up until then.
    - RNAN's non-local blocks: a map of the whole image for each. With the
      released code's `normalize="queries"` the weights of one query need not
      add up to 1.

    Args:
        model: `Restorer` with such layers.
        image: path, `Photo`, PIL image, or array `(H, W)` or `(H, W, C)` of
            uint8, uint16 or floats in [0, 1]: the input of the network, which
            runs on it in one piece. Memory and time grow with the square of
            the number of pixels: take a crop of some hundred pixels a side.
        position: `(row, column)` of the query in pixels.
        sigma: noise level on the 0..255 scale, for models that take it.

    Returns:
        List of `AttentionMap`.

    Raises:
        ValueError: if the model has no attention, or image or position do
            not fit.

    Example:
    >>> from kerasrestore.models import PANet
    >>> model = PANet(num_blocks=2, features=8, levels=3)
    >>> maps = attention_maps(model, np.zeros((20, 30, 3)), (9, 9))
    >>> [(one.title, one.weights.shape) for one in maps]
    [('scale 1', (20, 30)), ('scale 0.9', (18, 27)), ('scale 0.8', (16, 24))]
    >>> round(sum(one.share for one in maps), 6)
    1.0

    References:
        - PANet, figure 8: Mei et al., IJCV 2023.
        - NLRN, figure 4: Liu et al., NeurIPS 2018.
    """
    size, layers = recorded_calls(model, image, tuple(KINDS), sigma)
    position = check_position(position, size)
    maps = []
    for name, layer, calls in layers:
        given = calls[0][0][0].shape[1:3]
        if tuple(given) != size:
            raise ValueError(
                f"{name} of {model.name} sees a map of {given[0]}x{given[1]}, "
                f"not the {size[0]}x{size[1]} pixels of the image, so that "
                "its positions are not those of pixels."
            )
        kind = next(kind for kind in KINDS if isinstance(layer, kind))
        for title, weights, box in KINDS[kind](layer, calls, position, size):
            maps.append(AttentionMap(name, title, weights, box))
    return maps


def _pyramid_maps(layer, calls, position, size):
    query, keys, _ = layer.embed(calls[0][0][0])
    weights = pyramid_weights(
        exact(query)[0],
        [exact(key)[0] for key in keys],
        position,
        layer.patch_size,
        layer.softmax_scale,
    )
    for index, one in enumerate(weights):
        yield f"scale {1 - index / 10:g}", one, (0, 0, *size)


def _non_local_maps(layer, calls, position, size):
    query, key, _ = layer.embed(calls[0][0][0])
    weights = non_local_weights(
        exact(query)[0],
        exact(key)[0],
        position[0] * size[1] + position[1],
        layer.normalize,
    )
    yield "whole image", weights.reshape(size), (0, 0, *size)


def _recurrent_maps(layer, calls, position, size):
    box = (0, 0, *size)
    if layer.window is not None:
        radius = layer.window // 2
        first, last = (
            tuple(place + step for place in position)
            for step in (-radius, radius + 1)
        )
        box = (*first, *last)
    for step, (args, kwargs) in enumerate(calls):
        features, *rest = args
        earlier = rest[0] if rest else kwargs.get("correlations", ())
        pairs = [*earlier, layer.correlate(features)]
        query, key = (
            np.concatenate([exact(pair[side])[0] for pair in pairs], axis=-1)
            for side in range(2)
        )
        weights = window_weights(
            query,
            key,
            position,
            layer.window,
            layer.padding,
            layer.weighting,
        )
        yield f"step {step + 1}", weights, box


KINDS = {
    PyramidAttention: _pyramid_maps,
    RecurrentNonLocalBlock: _recurrent_maps,
    NonLocalBlock: _non_local_maps,
}
