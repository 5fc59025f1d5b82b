"""Training a restorer with another one as its teacher."""

import itertools
import math

import keras
from keras import layers, ops

from kerasrestore.training.distillation.relative_squared_error import (
    RelativeSquaredError,
)


@keras.saving.register_keras_serializable(package="kerasrestore")
class Distillation(keras.Model):
    """A student and its frozen teacher, for `kerasrestore.training.fit`.

    The loss is

        L(clean, student) + output_weight * L(teacher, student)
            + feature_weight * mean over pairs of F(teacher, adapter(student))

    where L is the training loss and F compares two feature maps. The
    adapters are 1x1 convolutions that bring the student's maps to the
    teacher's number of channels; they are trained with the student but are
    not part of it.

    Every term is a `keras.losses.Loss`, which is scaled correctly when a
    batch is distributed over several devices. A checkpoint holds only
    student and adapters.

    Args:
        student: the `Restorer` to train.
        teacher: a trained `Restorer`; or a model with the same inputs whose
            output is a dictionary of `"restored"` and its feature maps by
            name, like `PrivilegedTeacher.features()`. It is not changed.
        loss: L, a `keras.losses.Loss`; pass the same one to `fit`.
        features: dictionary, name of a student's layer -> name of the
            teacher's layer, or map, that it is compared with. If a layer
            has several outputs, the first is used.
        output_weight: weight of the loss to the teacher's image, 0 for none.
        feature_weight: weight of the feature loss.
        feature_loss: F; `RelativeSquaredError` unless given.
        adapt: whether to use adapters; networks of the same architecture do
            not need them.
        privileged: whether the teacher's input is the clean image, with the
            degraded one as `"degraded"` if it has such an input.
        **kwargs: `name` as in `keras.Model`.

    Call arguments:
        inputs: as those of the student.

    Input shape:
        As the student's.

    Output shape:
        Dictionary of `"restored"`, the student's output, and the adapted
        maps by the names of the student's layers.

    Raises:
        ValueError: if the two have different tasks, the teacher needs a
            noise level that the student does not have, a layer does not
            exist, or two maps to be compared differ in size.

    Example:
    >>> import keras
    >>> from kerasrestore import DANetMobile
    >>> from kerasrestore.models import DANet
    >>> student = DANetMobile(widths=(8, 16))
    >>> teacher = DANet(widths=(8, 8, 8), blocks=(0, 0, 0), offset_width=4)
    >>> model = Distillation(
    ...     student,
    ...     teacher,
    ...     keras.losses.MeanSquaredError(),
    ...     features={"middle_block1_add": "middle_last"},
    ... )
    >>> sorted(v.path for v in model.trainable_variables[-2:])
    ['middle_block1_add_adapter/bias', 'middle_block1_add_adapter/kernel']

    References:
        - Hinton et al., "Distilling the knowledge in a neural network",
          2015, for the loss to a teacher's output.
        - Romero et al., "FitNets: hints for thin deep nets", 2015, for
          comparing features through an adapter.
        - Lee et al., "Learning with privileged information for efficient
          image super-resolution", ECCV 2020, for `privileged`.
    """

    def __init__(
        self,
        student,
        teacher,
        loss,
        *,
        features=None,
        output_weight=1.0,
        feature_weight=0.1,
        feature_loss=None,
        adapt=True,
        privileged=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        features = dict(features or {})
        _check_alike(student, teacher)
        self.sigma_input = student.sigma_input
        self.output_loss = loss
        self.output_weight = output_weight
        self.feature_weight = feature_weight
        self.feature_loss = feature_loss or RelativeSquaredError()
        self.privileged = privileged
        self.pairs = features
        plain = feature_model(student, features)
        self.teacher = (
            teacher
            if isinstance(teacher.output, dict)
            else feature_model(teacher, features.values())
        )
        _check_maps(plain, self.teacher, features)
        maps = dict(plain.output)
        if adapt:
            for name, wanted in features.items():
                maps[name] = layers.Conv2D(
                    self.teacher.output[wanted].shape[-1],
                    1,
                    # Half precision is too coarse for the relative error of
                    # two maps.
                    dtype="float32",
                    name=f"{name}_adapter",
                )(maps[name])
        self.student = keras.Model(student.input, maps)

    @property
    def checkpoint_variables(self):
        """The variables that checkpoints contain: all but the teacher's."""
        return self.student.variables

    # The teacher is excluded here rather than by setting its `trainable`,
    # as it may be trained elsewhere.

    @property
    def trainable_variables(self):
        return self.student.trainable_variables

    @property
    def trainable_weights(self):
        return self.student.trainable_weights

    @property
    def non_trainable_variables(self):
        return _without(self.variables, self.trainable_variables)

    @property
    def non_trainable_weights(self):
        return _without(self.weights, self.trainable_weights)

    def call(self, inputs, training=None):
        return self.student(inputs, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        restored = y_pred["restored"]
        loss = super().compute_loss(x, y, restored, sample_weight, training)
        wanted = self._taught(x, y)
        if self.output_weight:
            loss += self.output_weight * self.output_loss(
                wanted["restored"], restored
            )
        for name, source in self.pairs.items():
            # The weight is divided among the maps.
            loss += (self.feature_weight / len(self.pairs)) * (
                self.feature_loss(wanted[source], y_pred[name])
            )
        return loss

    def _taught(self, x, y):
        image, given = (x["image"], x) if self.sigma_input else (x, {})
        if self.privileged:
            given, image = {**given, "degraded": image}, y
        inputs = image
        if isinstance(self.teacher.input, dict):
            given = {**given, "image": image}
            inputs = {name: given[name] for name in self.teacher.input}
        return keras.tree.map_structure(
            ops.stop_gradient, self.teacher(inputs, training=False)
        )


def feature_model(model, names):
    """A model that shares another one's layers and gives their outputs.

    Args:
        model: functional model with one output.
        names: names of layers.

    Returns:
        A `keras.Model` with the inputs of `model`; its output is a
        dictionary of `"restored"`, the output of `model`, and the first
        output of every named layer by its name.

    Raises:
        ValueError: if there is no layer with such a name.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> model = feature_model(DANetMobile(widths=(8, 16)), ["stem"])
    >>> model.output["stem"].shape
    (None, None, None, 8)
    """
    # A layer may belong to several graphs, and `layer.output` is its output
    # in the first; Keras has no public access to that in this graph.
    nodes = itertools.chain(*model._nodes_by_depth.values())
    found = {node.operation.name: node.outputs[0] for node in nodes}
    maps = {"restored": model.output}
    for name in names:
        if name not in found:
            raise ValueError(
                f"{model.name} has no layer {name!r}; it has "
                f"{', '.join(found)}."
            )
        maps[name] = found[name]
    return keras.Model(model.input, maps)


def _without(variables, others):
    left_out = {id(variable) for variable in others}
    return [v for v in variables if id(v) not in left_out]


def _check_alike(student, teacher):
    if isinstance(teacher.output, dict):
        return
    for name, kind in (("task", "task"), ("channels", "number of channels")):
        ours, theirs = (getattr(model, name) for model in (student, teacher))
        if ours != theirs:
            raise ValueError(
                f"Student and teacher must have the same {kind}, got "
                f"{ours!r} and {theirs!r}; choose another teacher."
            )
    if teacher.sigma_input and not student.sigma_input:
        raise ValueError(
            f"{teacher.name} needs the noise level, which a blind student "
            "does not have; choose a blind teacher or a student with "
            "sigma_input=True."
        )
    if student.value_range != teacher.value_range:
        raise ValueError(
            f"Student and teacher must have the same range of values, got "
            f"{student.value_range} and {teacher.value_range}; choose "
            "another teacher."
        )


def _check_maps(student, teacher, features):
    """Raises ValueError if two maps to be compared differ in size."""
    if not features:
        return
    # A multiple of the size multiples of all models.
    side = 2 * math.lcm(16, *range(1, 9))
    ours, theirs = (_shapes(model, side) for model in (student, teacher))
    for name, wanted in features.items():
        if wanted not in theirs:
            raise ValueError(
                f"The teacher has no map {wanted!r}; it has "
                f"{', '.join(theirs)}."
            )
        if ours[name][1:3] != theirs[wanted][1:3]:
            raise ValueError(
                "Feature maps to be compared must have the same size: for an "
                f"image of {side}x{side}, {name} of the student has "
                f"{ours[name][1:3]} and {wanted} of the teacher "
                f"{theirs[wanted][1:3]}; choose other layers."
            )


def _shapes(model, side):
    inputs = keras.tree.map_structure(
        lambda x: keras.KerasTensor(
            (1, side, side, x.shape[-1])
            if len(x.shape) == 4
            else (1, *x.shape[1:]),
            dtype=x.dtype,
        ),
        model.input,
    )
    outputs = model.compute_output_spec(inputs)
    return {name: tuple(x.shape) for name, x in outputs.items()}
