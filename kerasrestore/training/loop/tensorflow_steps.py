"""Many training steps in one graph of TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasrestore.training.loop.model_data import model_data
from kerasrestore.training.loop.resident import Resident


class TensorFlowSteps:
    """Runs chunks of training steps, each chunk as one call of a graph.

    The gradient is applied where Keras does it, in `train_step` of the
    model, by the optimizer.

    Args:
        model: compiled model; its `jit_compile` holds for the step together
            with the making of its patches, on one device.
        patches: `HostPatches` or `DevicePatches`.
        strategy: `tf.distribute.Strategy` with which the model was built; one
            device unless given.
    """

    def __init__(self, model, patches, strategy=None):
        self.model = model
        self.patches = patches
        self.strategy = strategy or tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
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
        parts = self._placed(
            lambda index: self.patches.part(chunk, index, self.replicas)
        )
        resident = self._resident.at(start)
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
        return ops.cast(self.model.train_step(data)["loss"], "float32")

    def _share(self, tree):
        """The rows of this replica."""
        if self.replicas == 1:
            return tree
        replica = tf.distribute.get_replica_context()
        size = self.patches.batch_size // self.replicas
        first = replica.replica_id_in_sync_group * size

        def rows(x):
            begin = [first, *[0] * (len(x.shape) - 1)]
            return tf.slice(x, begin, [size, *x.shape[1:]])

        return keras.tree.map_structure(rows, tree)
