"""Adam for replicas with tf.distribute."""

import keras

from kerasrestore.training.averaging import AveragingAdam


@keras.saving.register_keras_serializable(package="kerasrestore")
class ReplicaAdam(AveragingAdam):
    """Adam that sums gradients over replicas before clipping them.

    With tf.distribute, Keras clips the gradient of each replica before
    summing, which gives a different result from training on one device with
    the same batch. Here the gradients are summed first.

    Args:
        *args, **kwargs: as in `AveragingAdam`.

    Example:
    >>> optimizer = ReplicaAdam(1e-3, global_clipnorm=1.0)
    >>> optimizer.global_clipnorm
    1.0
    """

    def apply(self, grads, trainable_variables=None):
        import tensorflow as tf

        found = [grad for grad in grads if grad is not None]
        replica = tf.distribute.get_replica_context()
        summed = iter(replica.all_reduce(tf.distribute.ReduceOp.SUM, found))
        super().apply(
            [None if grad is None else next(summed) for grad in grads],
            trainable_variables,
        )

    def _all_reduce_sum_gradients(self, grads_and_vars):
        return list(grads_and_vars)
