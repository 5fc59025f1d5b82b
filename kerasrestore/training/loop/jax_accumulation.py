"""A training step whose gradient is computed in parts, with JAX."""

import jax
import jax.numpy as jnp
import keras

from kerasrestore.training.loop.micro_batches import (
    loss_tracker,
    micro_batches,
)


class JaxAccumulation:
    """Takes a step with the mean gradient of several micro-batches.

    The loss of every micro-batch counts by its share of the batch. The
    optimizer is called once, so clipping, schedule, moving average and loss
    scale do not notice.

    Args:
        model: compiled model, whose loss is a mean over patches.
        batch_size: patches of a step.
        accumulate: largest number of micro-batches.
        share: function that splits the rows of a tree over the devices.

    Call arguments:
        state: as that of `train_step` of a Keras model.
        data: inputs and targets.

    Returns:
        As `train_step`: metrics and the new state.
    """

    def __init__(self, model, batch_size, accumulate, share):
        self.model = model
        self.batch_size = batch_size
        self.split = micro_batches(batch_size, accumulate)
        self.share = share
        self._gradient = jax.value_and_grad(
            model.compute_loss_and_updates, has_aux=True
        )

    def __call__(self, state, data):
        trainable, others, optimizer, metrics = state
        full, size, left = self.split

        def add(sums, some):
            loss, gradients, others, metrics = sums
            weight = some[1].shape[0] / self.batch_size
            inputs, clean = self.share(some)
            (_, (one, _, others, metrics)), terms = self._gradient(
                trainable,
                others,
                metrics,
                inputs,
                clean,
                None,
                training=True,
                optimizer_variables=optimizer,
            )
            gradients = [
                total + weight * term
                for total, term in zip(gradients, terms, strict=True)
            ]
            loss = loss + weight * one.astype("float32")
            return (loss, gradients, list(others), list(metrics)), None

        stacked = keras.tree.map_structure(
            lambda x: x[: full * size].reshape((full, size, *x.shape[1:])),
            data,
        )
        blank = [jnp.zeros_like(one) for one in trainable]
        sums = (jnp.float32(0), blank, list(others), list(metrics))
        sums, _ = jax.lax.scan(add, sums, stacked)
        if left:
            last = keras.tree.map_structure(lambda x: x[full * size :], data)
            sums, _ = add(sums, last)
        loss, gradients, others, metrics = sums
        trainable, optimizer = self.model.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        logs, metrics = self._tracked(loss, metrics)
        return logs, (trainable, others, optimizer, metrics)

    def _tracked(self, loss, metrics):
        variables = self.model.metrics_variables
        tracker = loss_tracker(self.model)
        mapping = list(zip(variables, metrics, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            tracker.update_state(loss, sample_weight=self.batch_size)
            logs = {"loss": tracker.result()}
        return logs, [scope.get_current_value(one) for one in variables]
