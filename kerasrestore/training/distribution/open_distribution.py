"""Which way of using several devices there is, and opening it."""

import os

import keras

from kerasrestore.training.distribution.distribution import Distribution

STRATEGIES = ("auto", "none", "mirrored", "multiworker", "tpu")


class JaxDistribution(Distribution):
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
        return JaxDistribution()
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
