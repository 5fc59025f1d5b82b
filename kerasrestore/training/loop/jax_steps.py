"""Many training steps in one scan of JAX."""

import jax
import keras
import numpy as np

from kerasrestore.keras_internals import build_for_training
from kerasrestore.training.loop.jax_accumulation import JaxAccumulation
from kerasrestore.training.loop.model_data import model_data
from kerasrestore.training.loop.resident import Resident


class JaxSteps:
    """Runs chunks of training steps, each chunk as one compiled scan.

    Between `begin` and `end`, weights, optimizer state and metrics live in
    buffers that the compiled function takes over from call to call, and not
    in the model.

    The gradient is applied where Keras does it, in `train_step` of the
    model, by the optimizer.

    The number of patches need not be a multiple of the number of devices:
    the compiler pads a batch and leaves the padding out of every sum.

    Args:
        model: compiled model.
        patches: `HostPatches` or `DevicePatches`.
        batch_size: patches of a step, on all devices.
        devices: list of JAX devices to split every batch over; one device
            unless given.
        accumulate: number of micro-batches in which the gradient of a batch
            is computed, see `JaxAccumulation`.
    """

    def __init__(self, model, patches, batch_size, devices=None, accumulate=1):
        self.model = model
        self.patches = patches
        self.batch_size = batch_size
        self.state = None
        self.everywhere = self.rows = self.stacked_rows = None
        if devices:
            mesh = jax.sharding.Mesh(np.array(devices), ("batch",))
            spec = jax.sharding.PartitionSpec

            def sharding(*axes):
                return jax.sharding.NamedSharding(mesh, spec(*axes))

            self.everywhere = sharding()
            self.rows, self.stacked_rows = (
                sharding("batch"),
                sharding(None, "batch"),
            )
        self._padding = -batch_size % len(devices or [0])
        self._take_step = model.train_step
        if accumulate > 1:
            self._take_step = JaxAccumulation(
                model, batch_size, accumulate, self._share
            )
        self._resident = Resident(
            patches, lambda arrays: jax.device_put(arrays, self.everywhere)
        )
        self._chunk = jax.jit(
            self._run, donate_argnums=0, out_shardings=self.everywhere
        )

    def begin(self):
        """Starts the mean of the loss anew and takes over the state."""
        self.model.reset_metrics()
        self.state = None

    def run(self, start, stop):
        """Takes the steps `start` to `stop`.

        Returns:
            The mean loss of all steps since `begin`, on the device.
        """
        chunk = self.patches.chunk(start, stop)
        resident = self._resident.at(start)
        if self.rows is not None and resident == ():
            chunk = jax.device_put(self._padded(chunk), self.stacked_rows)
        if self.state is None:
            build_for_training(
                self.model, jax.eval_shape(self._data, resident, chunk)
            )
            self.state = jax.device_put(
                [
                    [variable.value for variable in group]
                    for group in self._variables()
                ],
                self.everywhere,
            )
        # If the call fails, its buffers are gone.
        state, self.state = self.state, None
        loss, self.state = self._chunk(state, resident, chunk)
        return loss

    def end(self):
        """Puts the state back into the model."""
        if self.state is None:
            return
        for group, values in zip(self._variables(), self.state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        self.state = None

    def _variables(self):
        # In the order of the state of Keras' `train_step`.
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.model.optimizer.variables,
            self.model.metrics_variables,
        )

    def _run(self, state, resident, chunk):
        def step(state, one):
            logs, state = self._take_step(
                tuple(state), self._batch(resident, one)
            )
            return list(state), logs["loss"]

        state, losses = jax.lax.scan(step, state, chunk)
        return losses[-1], state

    def _padded(self, chunk):
        """The rows of batches on the host, as many for every device."""
        if not self._padding:
            return chunk
        return keras.tree.map_structure(
            lambda x: np.pad(
                x, [(0, 0), (0, self._padding)] + [(0, 0)] * (x.ndim - 2)
            ),
            chunk,
        )

    def _batch(self, resident, one):
        if self._padding and resident == ():
            one = self._share(
                keras.tree.map_structure(lambda x: x[: self.batch_size], one)
            )
        batch = self.patches.make(resident, one, self._share)
        return model_data(batch, self.model.sigma_input)

    def _data(self, resident, chunk):
        one = keras.tree.map_structure(lambda x: x[0], chunk)
        return self._batch(resident, one)

    def _share(self, tree):
        """Splits the rows over the devices."""
        if self.rows is None:
            return tree
        return jax.lax.with_sharding_constraint(tree, self.rows)
