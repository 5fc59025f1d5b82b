"""Initialization with the weights of another training run."""

from pathlib import Path

import numpy as np
from keras import ops

from kerasrestore.models import Restorer
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.run_record import NAME


def start_from(model, source):
    """Initializes a model with the weights of a trained one.

    Weights are matched by layer name. Layers that the trained model lacks,
    such as attention added later, keep their own initialization.

    A gray model can start from a colour one: it then restores as the colour
    model restores a gray image given as three equal channels. NLRN cannot, as
    it normalises every channel of the image on its own.

    Args:
        model: `Restorer` to train.
        source: name or folder of a preset, `"hf://user/repository"`, or the
            folder of a training run.

    Returns:
        Names of the layers that `source` lacks.

    Raises:
        ValueError: if there is no such source, or its weights do not match
            the model's; the model is then unchanged.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> model = DANetMobile(
    ...     widths=(48, 128),
    ...     encoder_blocks=(1,),
    ...     middle_blocks=2,
    ...     decoder_blocks=(2,),
    ... )
    >>> start_from(model, "danet_mobile_denoise_color_blind_bsd400")
    []
    """
    if (Path(source) / NAME).is_file():
        trained = load_run(source)[0]
    else:
        trained = Restorer.from_preset(source)
    places = {variable.path: variable for variable in model.weights}
    theirs = {variable.path: variable for variable in trained.weights}
    # A privileged teacher, which fits nothing, has no channels.
    if (getattr(trained, "channels", None), model.channels) == (3, 1):
        theirs = {
            path: _gray(variable, places.get(path))
            for path, variable in theirs.items()
        }
    for path, variable in theirs.items():
        shape = tuple(places[path].shape) if path in places else None
        if shape != tuple(variable.shape):
            raise ValueError(
                f"{source} has {path} of shape {tuple(variable.shape)}, and "
                f"{model.name} "
                + (f"has {shape} there" if shape else "has no such weights")
                + "; start from a model with the same layers or build this "
                "one with the same arguments."
            )
    taken = {_layer(path) for path in theirs}
    new = [path for path in places if path not in theirs]
    for path in new:
        if _layer(path) in taken:
            raise ValueError(
                f"{source} has only some weights of the layer {_layer(path)}, "
                f"{path} is missing; start from a model with the same layers."
            )
    for path, variable in theirs.items():
        places[path].assign(variable)
    return list(dict.fromkeys(_layer(path) for path in new))


def _gray(variable, place):
    """Weights of a colour model as those of a gray one.

    The channels of an input pixel are equal, so the weights they meet add
    up; those of an output pixel are averaged. Colour is the fastest index,
    also of pixels that space-to-depth has moved into the channels.
    """
    weights = ops.convert_to_numpy(variable)
    if place is None or weights.ndim != len(place.shape):
        return weights
    if variable.name not in ("kernel", "bias"):
        return weights  # It is applied otherwise, and has to fit as it is.
    axes = range(weights.ndim)
    differing = [i for i in axes if weights.shape[i] != place.shape[i]]
    for axis in differing:
        if weights.shape[axis] != 3 * place.shape[axis]:
            return weights
        groups = np.moveaxis(weights, axis, -1)
        groups = groups.reshape(*groups.shape[:-1], -1, 3)
        last = axis == weights.ndim - 1
        groups = groups.mean(-1) if last else groups.sum(-1)
        weights = np.moveaxis(groups, -1, axis)
    return weights


def _layer(path):
    return path.partition("/")[0]
