"""Distributed training: splitting batches across devices."""

import contextlib

import keras

from kerasrestore.training.averaging import AveragingAdam


class Distribution:
    """Training on a single device, and the base class for several devices.

    Attributes:
        name: `"none"`, `"mirrored"`, `"multiworker"` or `"tpu"`.
        replicas: number of model replicas; every batch is split among them.
        is_chief: whether this process writes files and shows progress.
    """

    def __init__(self, name="none", replicas=1, is_chief=True):
        self.name = name
        self.replicas = replicas
        self.is_chief = is_chief

    def scope(self):
        """Context in which models are built, compiled and trained."""
        return contextlib.nullcontext()

    def describe(self):
        """One-line description for the user."""
        if self.name == "none":
            return "one device"
        devices = "device" if self.replicas == 1 else "devices"
        return f"{self.replicas} {devices} on this machine, {self.name}"

    def adam(self, rate, **options):
        """Adam optimizer for models in this distribution."""
        return AveragingAdam(rate, **options)

    def prepare(self, model, batch_size):
        """Prepares a model for compilation and training.

        Args:
            model: model that was built in the scope.
            batch_size: global batch size; it need not be a multiple of the
                number of devices.

        Raises:
            ValueError: if the model or the batch cannot be distributed.
        """
        copies = self._copies(model)
        if copies != self.replicas:
            raise ValueError(
                f"The model was built for {copies} devices, but training uses "
                f"{self.replicas}; build the model inside the scope of the "
                "distribution that is passed to fit."
            )

    def check_start(self, model, sampler, step):
        """Raises ValueError if the replicas would get out of sync.

        Args:
            model: compiled model.
            sampler: sampler of the patches.
            step: step to resume from.
        """

    def compiled_steps(self, model, patches, batch_size, accumulate=1):
        """The training steps of a model, compiled by the backend.

        Args:
            model: compiled model.
            patches: `HostPatches` or `DevicePatches`.
            batch_size: global batch size.
            accumulate: number of micro-batches of a step.

        Returns:
            `TensorFlowSteps` or `JaxSteps`.

        Raises:
            ValueError: if the backend is another one.
        """
        backend = keras.config.backend()
        if backend == "tensorflow":
            from kerasrestore.training.loop.tensorflow_steps import (
                TensorFlowSteps,
            )

            return TensorFlowSteps(
                model, patches, batch_size, accumulate=accumulate
            )
        if backend == "jax":
            from kerasrestore.training.loop.jax_steps import JaxSteps

            return JaxSteps(model, patches, batch_size, accumulate=accumulate)
        raise ValueError(
            f"Models are trained with TensorFlow or JAX, but {backend} is "
            "active; set KERAS_BACKEND to tensorflow or jax."
        )

    def watch(self):
        """Context of the training steps, which explains their errors."""
        return contextlib.nullcontext()

    @staticmethod
    def _copies(model):
        if keras.backend.backend() == "tensorflow":
            return model.distribute_strategy.num_replicas_in_sync
        if keras.backend.backend() == "jax":
            return len(model.variables[0].value.sharding.device_set)
        return 1
