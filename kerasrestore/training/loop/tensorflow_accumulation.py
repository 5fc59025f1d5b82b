"""A training step whose gradient is computed in parts, with TensorFlow."""

import keras
import tensorflow as tf

from kerasrestore.keras_internals import training_loss
from kerasrestore.training.loop.micro_batches import (
    loss_tracker,
    micro_batches,
)


class TensorFlowAccumulation:
    """Takes a step with the mean gradient of several micro-batches.

    It is the step of the whole batch, also if replicas have different numbers
    of patches: the loss of every micro-batch counts by its share of the
    global batch. The optimizer is called once, so clipping, schedule, moving
    average and loss scale do not notice.

    Args:
        model: compiled model, whose loss is a mean over patches.
        batch_size: patches of all replicas.
        accumulate: largest number of micro-batches of a replica.
        replicas: number of replicas.

    Call arguments:
        data: inputs and targets of this replica, of known size.
        rows: how many of the patches count, all or none.

    Returns:
        The mean loss of all steps since the metrics were reset.
    """

    def __init__(self, model, batch_size, accumulate, replicas=1):
        self.model = model
        self.batch_size = batch_size
        self.accumulate = accumulate
        self.replicas = replicas

    def __call__(self, data, rows):
        given = data[1].shape[0]
        full, size, left = micro_batches(given, self.accumulate)
        # `keras.losses` divide by the number of replicas already.
        weight = self.replicas / self.batch_size * rows / given

        def part(first, count):
            some = keras.tree.map_structure(
                lambda x: _rows(x, first, count), data
            )
            return self._gradients(some, count * weight)

        if full == 1:
            sums = part(0, size)
        else:
            # A loop, as independent micro-batches in the graph would be
            # computed at the same time.
            weights = self.model.trainable_weights
            blank = [tf.zeros(w.shape, w.dtype) for w in weights]
            sums = tf.while_loop(
                lambda index, *_: index < full,
                lambda index, *sums: (
                    index + 1,
                    *_add(sums, part(index * size, size)),
                ),
                (tf.constant(0), tf.constant(0.0), *blank),
                parallel_iterations=1,
            )[1:]
        if left:
            with tf.control_dependencies(sums):
                sums = _add(sums, part(full * size, left))
        loss, *gradients = sums
        self.model.optimizer.apply(gradients, self.model.trainable_weights)
        if self.replicas > 1:
            replica = tf.distribute.get_replica_context()
            loss = replica.all_reduce(tf.distribute.ReduceOp.SUM, loss)
        tracker = loss_tracker(self.model)
        tracker.update_state(loss, sample_weight=self.batch_size)
        return tracker.result()

    def _gradients(self, data, weight):
        model, (inputs, clean) = self.model, data
        with tf.GradientTape() as tape:
            loss = weight * training_loss(model, inputs, clean)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(
            scaled,
            model.trainable_weights,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [tf.cast(loss, "float32"), *gradients]


def _rows(x, first, count):
    begin = [first, *[0] * (len(x.shape) - 1)]
    return tf.slice(x, begin, [count, *x.shape[1:]])


def _add(sums, terms):
    return [one + other for one, other in zip(sums, terms, strict=True)]
