"""Splitting a batch into micro-batches, and over devices."""

import keras

from kerasrestore.keras_internals import all_layers
from kerasrestore.training.loop.model_data import model_data

# Rows of the batch on which `check_mean_loss` compares losses.
CHECKED = 3


def micro_batches(rows, accumulate):
    """Number and size of the micro-batches of a batch.

    All are of the same size but for the last one, which holds what is left.

    Args:
        rows: number of patches of the batch.
        accumulate: largest number of micro-batches.

    Returns:
        The number of micro-batches of the full size, that size, and the size
        of the last one, 0 if there is none.

    Example:
    >>> micro_batches(12, 4), micro_batches(12, 5), micro_batches(5, 2)
    ((4, 3, 0), (4, 3, 0), (1, 3, 2))
    """
    size = -(-rows // accumulate)
    return rows // size, size, rows % size


def rows_of_part(rows, parts, index):
    """The rows of one of several parts, which differ by one row at most.

    Args:
        rows: number of rows in all.
        parts: number of parts.
        index: number of the part.

    Returns:
        The first row and the number of rows.

    Example:
    >>> [rows_of_part(5, 3, index) for index in range(3)]
    [(0, 2), (2, 2), (4, 1)]
    """
    size, longer = divmod(rows, parts)
    return index * size + min(index, longer), size + (index < longer)


def loss_tracker(model):
    """The metric in which Keras keeps the mean loss of a compiled model."""
    return next(metric for metric in model.metrics if metric.name == "loss")


def has_batch_normalisation(model):
    """Whether what a model does to a patch depends on the others in training.

    Args:
        model: a `keras.Model`.
    """
    return any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in all_layers(model)
    )


def check_accumulation(model, batch_size, accumulate):
    """Raises ValueError if gradients of micro-batches would not do.

    Args:
        model: model to train.
        batch_size: patches per step.
        accumulate: number of micro-batches.

    Raises:
        ValueError: if there are fewer patches than micro-batches, or batch
            normalisation, whose statistics would be those of a micro-batch.
    """
    if accumulate > batch_size:
        raise ValueError(
            f"A batch of {batch_size} patches cannot be split into "
            f"{accumulate} micro-batches; accumulate at most {batch_size}."
        )
    if accumulate > 1 and has_batch_normalisation(model):
        raise ValueError(
            "The model has batch normalisation, whose statistics would be "
            "those of micro-batches instead of the whole batch; leave "
            "--accumulate out (accumulate=1) and use --recompute, several "
            "devices or a smaller batch."
        )


def check_mean_loss(model, sampler, step):
    """Raises ValueError if a model's loss is not a mean over patches.

    Only then do the weighted gradients of parts of a batch add up to that of
    the batch.

    Args:
        model: compiled model.
        sampler: sampler of the patches.
        step: number of the batch on which it is tried.

    Raises:
        ValueError: if the model has a training step of its own, or its loss
            of a few patches is not the mean of theirs.
    """
    name = type(model).__name__
    if type(model).train_step is not keras.Model.train_step:
        raise ValueError(
            f"The train_step of {name} takes a batch as a whole; use its "
            "compute_loss instead, or neither accumulate nor a batch size "
            "that is no multiple of the number of devices."
        )
    data = model_data(sampler.batch(step), model.sigma_input)
    count = min(CHECKED, sampler.batch_size)

    def loss(first, stop):
        inputs, clean = keras.tree.map_structure(lambda x: x[first:stop], data)
        # Leave the model's metrics and other state unchanged.
        with keras.StatelessScope():
            restored = model(inputs, training=False)
            return float(model.compute_loss(inputs, clean, restored))

    whole = loss(0, count)
    parts = (loss(0, 1) + (count - 1) * loss(1, count)) / count
    if count > 1 and abs(parts - whole) > 1e-3 * abs(whole):
        raise ValueError(
            f"The loss of {name} is not the mean of the losses of its patches "
            "and cannot be computed in parts; use neither accumulate nor a "
            "batch size that is no multiple of the number of devices."
        )
