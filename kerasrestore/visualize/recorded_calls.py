"""What the layers of a model are called with."""

import contextlib

import numpy as np
from keras import ops

from kerasrestore.keras_internals import all_layers
from kerasrestore.visualize.pixels import display_pixels


def recorded_calls(model, image, kinds, sigma=None):
    """Runs a model on one image and notes the calls of some of its layers.

    Args:
        model: `Restorer`.
        image: image, in the size that the network takes.
        kinds: layer class or tuple of classes.
        sigma: noise level on the 0..255 scale, for models that take it.

    Returns:
        Height and width of the image, and a list with, for each layer in the
        order of their first calls, its name, the layer and its calls, which
        are tuples `(args, kwargs)`.

    Raises:
        ValueError: if the model has no such layer or does not take the image.
    """
    inputs, size = _inputs(model, image, sigma)
    found, heard = [], {}
    with contextlib.ExitStack() as stack:
        for top in model.layers:
            inside = [x for x in all_layers(top) if isinstance(x, kinds)]
            for index, layer in enumerate(inside):
                name = top.name + (f"_{index}" if len(inside) > 1 else "")
                if id(layer) not in {id(known) for _, known in found}:
                    found.append((name, layer))
                    stack.enter_context(_listening(layer, heard))
        if not found:
            kinds = kinds if isinstance(kinds, tuple) else (kinds,)
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(
                f"{model.name} has no {names}, so there is nothing to show; "
                "use a model that has one."
            )
        model(inputs)
    names = {id(layer): (name, layer) for name, layer in found}
    return size, [(*names[key], calls) for key, calls in heard.items()]


@contextlib.contextmanager
def _listening(layer, heard):
    call = layer.call

    def listen(*args, **kwargs):
        heard.setdefault(id(layer), []).append((args, kwargs))
        return call(*args, **kwargs)

    layer.call = listen
    try:
        yield
    finally:
        del layer.call


def _inputs(model, image, sigma):
    """Inputs of the network for an image, and its height and width."""
    if isinstance(image, np.ndarray) and image.dtype.kind == "f":
        # Not rounded: this is what the network sees.
        pixels = image
        pixels = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
        display_pixels(pixels)
    else:
        pixels = display_pixels(image) / 255.0
    if pixels.ndim == 2 and model.channels == 3:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.shape[-1] != model.channels:
        raise ValueError(
            f"{model.name} takes images of {model.channels} channel, got "
            f"{pixels.shape}; convert the image to gray."
        )
    low, high = model.value_range
    inputs = np.asarray(pixels[None] * (high - low) + low, np.float32)
    if model.sigma_input != (sigma is not None):
        raise ValueError(
            f"{model.name} "
            + (
                "takes the noise level: pass sigma."
                if model.sigma_input
                else f"takes no noise level, got sigma={sigma!r}; leave it out."
            )
        )
    if model.sigma_input:
        level = np.full((1, 1), sigma, np.float32)
        inputs = {"image": inputs, "sigma": level}
    return inputs, pixels.shape[:2]


def check_position(position, size):
    """The row and column of a pixel as ints.

    Raises:
        ValueError: if there is no such pixel.
    """
    try:
        row, column = (int(place) for place in position)
    except (TypeError, ValueError):
        row = column = -1
    if not (0 <= row < size[0] and 0 <= column < size[1]):
        raise ValueError(
            f"A position is (row, column) of a pixel of the {size[0]}x"
            f"{size[1]} image, got {position!r}."
        )
    return row, column


def exact(tensor):
    """A tensor as a float64 array."""
    return np.asarray(ops.cast(tensor, "float32"), np.float64)
