"""Many training steps in one graph of TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasrestore.training.loop.micro_batches import rows_of_part
from kerasrestore.training.loop.model_data import model_data
from kerasrestore.training.loop.resident import Resident
from kerasrestore.training.loop.tensorflow_accumulation import (
    TensorFlowAccumulation,
)


class TensorFlowSteps:
    """Runs chunks of training steps, each chunk as one call of a graph.

    The gradient is applied where Keras does it, in `train_step` of the
    model, by the optimizer.

    Args:
        model: compiled model; its `jit_compile` holds for the step together
            with the making of its patches, on one device.
        patches: `HostPatches` or `DevicePatches`.
        batch_size: patches of a step, on all devices.
        strategy: `tf.distribute.Strategy` with which the model was built; one
            device unless given. If the number of patches is no multiple of
            the number of replicas, some replicas get one patch fewer.
        accumulate: number of micro-batches in which a replica computes its
            gradient, see `TensorFlowAccumulation`.
    """

    def __init__(self, model, patches, batch_size, strategy=None, accumulate=1):
        self.model = model
        self.patches = patches
        self.batch_size = batch_size
        self.strategy = strategy or tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        self.uneven = bool(batch_size % self.replicas)
        self._in_parts = None
        if accumulate > 1 or self.uneven:
            self._in_parts = TensorFlowAccumulation(
                model, batch_size, accumulate, self.replicas
            )
        step = self._replica_step
        if model.jit_compile and strategy is None:
            step = tf.function(step, autograph=False, jit_compile=True)
        self._step = step
        self._chunk = tf.function(self._run, autograph=False)
        self._longest = 0
        self._resident = Resident(
            patches, lambda arrays: self._placed(lambda index: arrays)
        )

    def begin(self):
        """Starts the mean of the loss anew."""
        self.model.reset_metrics()

    def run(self, start, stop):
        """Takes the steps `start` to `stop`.

        Returns:
            The mean loss of all steps since `begin`, on the device.
        """
        # The last chunk before a validation may be shorter; at one length,
        # the graph is built only once.
        self._longest = max(self._longest, stop - start)
        chunk = keras.tree.map_structure(
            self._lengthened, self.patches.chunk(start, stop)
        )
        resident = self._resident.at(start)
        if resident == ():
            # Batches from the host, of which each replica needs its rows.
            parts = self._placed(lambda index: self._part(chunk, index))
        else:
            parts = self._placed(lambda index: chunk)
        return self._chunk(resident, parts, tf.constant(stop - start))

    def end(self):
        """Leaves the result in the model: it is there already."""

    def _lengthened(self, array):
        missing = self._longest - len(array)
        if not missing:
            return array
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])

    def _placed(self, values):
        """Values of each replica, given its index, on its device."""

        if self.replicas == 1:
            return keras.tree.map_structure(tf.convert_to_tensor, values(0))

        def leaf(place):
            return lambda context: tf.convert_to_tensor(
                keras.tree.flatten(values(context.replica_id_in_sync_group))[
                    place
                ]
            )

        leaves = [
            self.strategy.experimental_distribute_values_from_function(
                leaf(place)
            )
            for place in range(len(keras.tree.flatten(values(0))))
        ]
        return keras.tree.pack_sequence_as(values(0), leaves)

    def _run(self, resident, chunk, count):
        def body(index, _):
            loss = self.strategy.run(self._step, args=(resident, chunk, index))
            # A plain mean: all replicas see the same number of patches.
            return index + 1, self.strategy.reduce("MEAN", loss, axis=None)

        return tf.while_loop(
            lambda index, _: index < count,
            body,
            (tf.constant(0), tf.constant(0.0)),
        )[1]

    def _replica_step(self, resident, chunk, index):
        one = keras.tree.map_structure(lambda x: x[index], chunk)
        batch = self.patches.make(resident, one, self._share)
        data = model_data(batch, self.model.sigma_input)
        if self._in_parts is None:
            return ops.cast(self.model.train_step(data)["loss"], "float32")
        return self._in_parts(data, self._rows(self._index())[1])

    def _part(self, chunk, index):
        """The rows of a replica in every batch of a chunk."""
        first, count = self._rows(index)
        stop = first + max(count, 1)
        return keras.tree.map_structure(lambda x: x[:, first:stop], chunk)

    def _share(self, tree):
        """The rows of this replica."""
        if self.replicas == 1:
            return tree
        first, count = self._rows(self._index())
        count = max(count, 1)

        def rows(x):
            begin = [first, *[0] * (len(x.shape) - 1)]
            return tf.slice(x, begin, [count, *x.shape[1:]])

        return keras.tree.map_structure(rows, tree)

    def _rows(self, index):
        """First row and number of rows of a replica.

        A replica without rows computes the first patch, which does not count.
        """
        if not self.uneven:
            size = self.batch_size // self.replicas
            return index * size, size
        first, count = rows_of_part(self.batch_size, self.replicas, index)
        return first if count else 0, count

    def _index(self):
        """The number of this replica."""
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        # On a TPU, it is only known when the program runs.
        return tf.get_static_value(index) if self.uneven else index
