"""Where deformable convolutions sample."""

from dataclasses import dataclass

import numpy as np

from kerasrestore.layers.deformable_conv2d import DeformableConv2D
from kerasrestore.visualize.recorded_calls import (
    check_position,
    exact,
    recorded_calls,
)


@dataclass(eq=False)
class SamplingLocations:
    """Places that one deformable convolution reads for some pixels.

    Attributes:
        layer: name of the layer of the model.
        stride: side of a pixel of the layer's map, in pixels of the image.
        rows, columns: float64 arrays `(positions, taps)`: the places in
            pixels of the image, with the centre of the first pixel at 0. They
            may lie beyond the image, where the convolution reads zeros.
        regular: the same two arrays for a convolution without offsets.
        masks: array `(positions, taps)` of the factors, 0 to 1.
    """

    layer: str
    stride: float
    rows: np.ndarray
    columns: np.ndarray
    regular: tuple
    masks: np.ndarray


def sampling_locations(model, image, positions, sigma=None):
    """Sampling locations of all deformable convolutions of a model.

    Args:
        model: `Restorer` with deformable convolutions, such as `DANet`.
        image: path, `Photo`, PIL image, or array `(H, W)` or `(H, W, C)` of
            uint8, uint16 or floats in [0, 1]: the input of the network, with
            height and width that are multiples of its `size_multiple`.
        positions: list of `(row, column)` in pixels.
        sigma: noise level on the 0..255 scale, for models that take it.

    Returns:
        List of `SamplingLocations`, in the order in which the layers run. A
        layer at half resolution has the `stride` 2; its taps are those of the
        pixel of its map that the position lies in.

    Raises:
        ValueError: if the model has no deformable convolution, or image or
            positions do not fit.

    Example:
    >>> from kerasrestore.models import DANet
    >>> model = DANet(widths=(8, 16), blocks=(0, 1), offset_width=4)
    >>> found = sampling_locations(model, np.zeros((16, 24, 3)), [(5, 9)])
    >>> [(one.layer, one.stride) for one in found][:2]
    [('encoder0_last', 1.0), ('middle_block0', 2.0)]
    >>> found[0].rows[0, :4].tolist()  # untrained: no offsets
    [4.0, 4.0, 4.0, 5.0]

    References:
        - DANet, figure 13: Huang et al., Knowledge-Based Systems 2021.
    """
    size, layers = recorded_calls(model, image, DeformableConv2D, sigma)
    positions = [check_position(position, size) for position in positions]
    found = []
    for name, layer, calls in layers:
        args, kwargs = calls[0]
        features = args[1] if len(args) > 1 else kwargs.get("offset_features")
        features = args[0] if features is None else features
        offset, mask = (exact(x)[0] for x in layer.predict_offsets(features))
        stride = size[0] / offset.shape[0]
        at = (np.array(positions) / stride).astype(int)
        moves = offset[at[:, 0], at[:, 1]]
        taps = [
            np.tile(grid.ravel(), layer.offset_groups)
            for grid in np.meshgrid(
                *(
                    gap * (np.arange(count) - count // 2)
                    for gap, count in zip(
                        layer.dilation_rate, layer.kernel_size, strict=True
                    )
                ),
                indexing="ij",
            )
        ]
        # From pixels of the map to pixels of the image, by their centres.
        rows, columns = (
            (at[:, axis : axis + 1] + taps[axis] + moves[:, axis::2] + 0.5)
            * stride
            - 0.5
            for axis in range(2)
        )
        regular = tuple(
            (at[:, axis : axis + 1] + taps[axis] + 0.5) * stride - 0.5
            for axis in range(2)
        )
        masks = mask[at[:, 0], at[:, 1]]
        found.append(
            SamplingLocations(name, stride, rows, columns, regular, masks)
        )
    return found
