"""Adam with learning rates and gradient bounds of single layers."""

from fnmatch import fnmatchcase

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrestore")
class LayerwiseAdam(keras.optimizers.Adam):
    """Adam with its own learning rate and gradient bound for some layers.

    Layers are chosen by patterns, see `find_layers`. A bound applies to the
    norm of the gradient over all weights of a chosen layer, before the
    gradient is clipped as a whole.

    Args:
        *args, **kwargs: as in `keras.optimizers.Adam`.
        layer_rates: dictionary from patterns to factors of the learning rate.
        layer_clips: dictionary from patterns to maximum gradient norms.

    Raises:
        ValueError: when it is built, if a pattern matches no layer.

    Example:
    >>> optimizer = LayerwiseAdam(1e-4, layer_rates={"offset_conv": 0.1})
    >>> optimizer.get_config()["layer_rates"]
    {'offset_conv': 0.1}
    """

    def __init__(self, *args, layer_rates=None, layer_clips=None, **kwargs):
        super().__init__(*args, **kwargs)
        # As pairs: dictionaries that are attributes get replaced by trackers.
        self._rates = tuple((layer_rates or {}).items())
        self._clips = tuple((layer_clips or {}).items())

    def build(self, variables):
        if self.built:
            return
        variables = list(variables)
        rates = find_layers(variables, dict(self._rates), "learning rate")
        clips = find_layers(variables, dict(self._clips), "gradient bound")
        super().build(variables)
        self._factors = tuple(1.0 if one is None else one[1] for one in rates)
        self._bounds = tuple(clips)

    def apply(self, grads, trainable_variables=None):
        if self._clips:
            if not self.built:
                self.build(trainable_variables)
            grads = self._bounded(grads, trainable_variables)
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        if self._rates:
            factor = self._factors[self._get_variable_index(variable)]
            learning_rate = learning_rate * factor
        super().update_step(gradient, variable, learning_rate)

    def _bounded(self, grads, trainable_variables):
        """The gradients, those of chosen layers scaled down to their bound."""
        grads = list(grads)
        places = range(len(grads))
        if trainable_variables is not None:
            places = map(self._get_variable_index, trainable_variables)
        groups = {}
        for index, place in enumerate(places):
            if self._bounds[place] and grads[index] is not None:
                groups.setdefault(tuple(self._bounds[place]), []).append(index)
        for (_, bound), members in groups.items():
            norm = ops.sqrt(
                sum(
                    ops.sum(ops.square(ops.cast(grads[index], "float32")))
                    for index in members
                )
            )
            scale = bound / ops.maximum(norm, bound)
            for index in members:
                grads[index] = grads[index] * ops.cast(
                    scale, grads[index].dtype
                )
        return grads

    def get_config(self):
        return {
            **super().get_config(),
            "layer_rates": dict(self._rates),
            "layer_clips": dict(self._clips),
        }


def find_layers(variables, values, what):
    """Assigns values to variables by patterns for the layers they belong to.

    A pattern is the name of a layer (`"offset_conv"`), or its path
    (`"decoder0_last/block/middle"`), with the wildcards of the shell
    (`"block*"`). It includes all layers inside. Of several matching patterns
    the last one counts.

    Args:
        variables: list of Keras variables.
        values: dictionary from patterns to values.
        what: what the values are, for the error message.

    Returns:
        For each variable `(layer, value)`, with the path of the layer that
        the pattern matches, or `None`.

    Raises:
        ValueError: if a pattern matches no layer.

    Example:
    >>> layer = keras.layers.Dense(2, name="last")
    >>> layer.build((None, 3))
    >>> find_layers(layer.weights, {"l*": 0.1}, "learning rate")
    [('last', 0.1), ('last', 0.1)]
    """
    found = [None] * len(variables)
    for pattern, value in values.items():
        matches = [_matching_layer(one.path, pattern) for one in variables]
        if not any(matches):
            names = {
                name for one in variables for name in one.path.split("/")[-2:-1]
            }
            raise ValueError(
                f"No trainable layer matches {pattern!r}, which has its own "
                f"{what}; there are {', '.join(sorted(names))}."
            )
        for index, layer in enumerate(matches):
            if layer:
                found[index] = (layer, value)
    return found


def _matching_layer(path, pattern):
    """The outermost layer around a variable that the pattern matches."""
    parts = path.split("/")[:-1]
    for end, name in enumerate(parts, 1):
        here = "/".join(parts[:end])
        if fnmatchcase(name, pattern) or fnmatchcase(here, pattern):
            return here
    return None
