"""Distributed training: splitting batches across devices."""

import contextlib
import os

import keras

from kerasrestore.training.averaging import AveragingAdam

STRATEGIES = ("auto", "none", "mirrored", "multiworker", "tpu")


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
            batch_size: global batch size.

        Raises:
            ValueError: if the model or the batch cannot be distributed.
        """
        if batch_size % self.replicas:
            raise ValueError(
                f"A batch of {batch_size} patches cannot be split evenly "
                f"across {self.replicas} devices; use a batch size that is a "
                f"multiple of {self.replicas}."
            )
        copies = self._copies(model)
        if copies != self.replicas:
            raise ValueError(
                f"The model was built for {copies} devices, but training uses "
                f"{self.replicas}; build the model inside the scope of the "
                "distribution that is passed to fit."
            )

    def check_start(self, model, patches):
        """Raises ValueError if the replicas would get out of sync.

        Args:
            model: compiled model.
            patches: `PatchDataset` that starts at the step to resume from.
        """

    def run(self, model, patches, callbacks):
        """Trains on a `PatchDataset` and returns the mean loss."""
        history = model.fit(
            patches, shuffle=False, verbose=0, callbacks=callbacks
        )
        return history.history["loss"][-1]

    @staticmethod
    def _copies(model):
        if keras.backend.backend() == "tensorflow":
            return model.distribute_strategy.num_replicas_in_sync
        if keras.backend.backend() == "jax":
            return len(model.variables[0].value.sharding.device_set)
        return 1


class _JaxDistribution(Distribution):
    """Data parallelism over the devices of one process with JAX."""

    def __init__(self):
        devices = keras.distribution.list_devices()
        super().__init__("mirrored", len(devices))
        self.parallel = keras.distribution.DataParallel(devices=devices)

    def scope(self):
        return self.parallel.scope()


def open_distribution(name="auto"):
    """Selects the devices to distribute each batch over.

    Must be called before any other computation: with `"multiworker"`, this
    is where the workers connect and wait for each other.

    Args:
        name: `"none"` for one device; `"mirrored"` for all devices on this
            machine; `"multiworker"` for all devices on the machines listed in
            the environment variable `TF_CONFIG`; `"tpu"` for the TPU given by
            `TPU_NAME`; `"auto"` for `"multiworker"` if `TF_CONFIG` is set,
            `"mirrored"` if there is more than one device, `"none"` otherwise.

    Returns:
        A `Distribution`.

    Raises:
        ValueError: if the name is unknown, the backend does not support the
            strategy, or its devices are not available.

    Example:
    >>> distribution = open_distribution("none")
    >>> distribution.replicas, distribution.describe()
    (1, 'one device')
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"The strategy must be one of {', '.join(STRATEGIES)}, got "
            f"{name!r}."
        )
    backend = keras.backend.backend()
    if name == "auto":
        name = _found(backend)
    if name == "none":
        return Distribution()
    if backend == "tensorflow":
        from kerasrestore.training.distribution import tensorflow_distribution

        return tensorflow_distribution.open_strategy(name)
    if backend == "jax" and name == "mirrored":
        return _JaxDistribution()
    raise ValueError(
        f"The strategy {name} requires the tensorflow backend of Keras, but "
        f"{backend} is active; set KERAS_BACKEND=tensorflow or choose "
        f"{'mirrored' if backend == 'jax' else 'none'}."
    )


def _found(backend):
    """Strategy selected by `"auto"`."""
    if "TF_CONFIG" in os.environ:
        return "multiworker"
    if backend == "tensorflow":
        from kerasrestore.training.distribution.tensorflow_distribution import (
            devices,
        )

        return "mirrored" if len(devices()) > 1 else "none"
    if backend == "jax":
        several = len(keras.distribution.list_devices()) > 1
        return "mirrored" if several else "none"
    return "none"
