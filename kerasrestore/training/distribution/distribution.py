"""Training on several devices: what is shared out, and who writes."""

import contextlib
import os

import keras

from kerasrestore.training.averaging import AveragingAdam

STRATEGIES = ("auto", "none", "mirrored", "multiworker", "tpu")


class Distribution:
    """One device, and what every way of using several of them has.

    Attributes:
        name: `"none"`, `"mirrored"`, `"multiworker"` or `"tpu"`.
        replicas: copies of the model; each takes its part of every batch.
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
        """One line for a person."""
        if self.name == "none":
            return "one device"
        devices = "device" if self.replicas == 1 else "devices"
        return f"{self.replicas} {devices} of this machine, {self.name}"

    def adam(self, rate, **options):
        """Adam for models of this distribution."""
        return AveragingAdam(rate, **options)

    def prepare(self, model, batch_size):
        """Makes a model ready to be compiled and trained.

        Args:
            model: model that was built in the scope.
            batch_size: patches in a batch of all replicas together.

        Raises:
            ValueError: if model or batches cannot be shared out.
        """
        if batch_size % self.replicas:
            raise ValueError(
                f"A batch of {batch_size} patches cannot be shared out evenly "
                f"to {self.replicas} devices; make the batch size a multiple "
                f"of {self.replicas}."
            )
        copies = self._copies(model)
        if copies != self.replicas:
            raise ValueError(
                f"The model was built for {copies} devices and the training "
                f"is for {self.replicas}; build the model inside the scope "
                "of the distribution that fit is given."
            )

    def check_start(self, model, patches):
        """Raises ValueError if the replicas would not train as one.

        Args:
            model: compiled model.
            patches: `PatchDataset` that starts where the training goes on.
        """

    def run(self, model, patches, callbacks):
        """Trains on a `PatchDataset` and gives the mean loss."""
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
    """Data parallelism over the devices of one process, under JAX."""

    def __init__(self):
        devices = keras.distribution.list_devices()
        super().__init__("mirrored", len(devices))
        self.parallel = keras.distribution.DataParallel(devices=devices)

    def scope(self):
        return self.parallel.scope()


def open_distribution(name="auto"):
    """Opens a way of using the devices that there are.

    To be called before anything is computed: several workers connect here,
    and wait for each other.

    Args:
        name: `"none"` for one device; `"mirrored"` for all devices of this
            machine; `"multiworker"` for all devices of the machines in the
            environment variable `TF_CONFIG`; `"tpu"` for the TPU that
            `TPU_NAME` names; `"auto"` for several workers if `TF_CONFIG` is
            set, for all devices if there is more than one, for one
            otherwise.

    Returns:
        A `Distribution`.

    Raises:
        ValueError: if the name is unknown, the backend has no such way, or
            what it needs is not there.

    Example:
    >>> distribution = open_distribution("none")
    >>> distribution.replicas, distribution.describe()
    (1, 'one device')
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"The strategy is one of {', '.join(STRATEGIES)}, got {name!r}."
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
        f"The strategy {name} needs Keras' backend tensorflow, this is "
        f"{backend}; set KERAS_BACKEND=tensorflow or choose "
        f"{'mirrored' if backend == 'jax' else 'none'}."
    )


def _found(backend):
    """What `"auto"` stands for."""
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
