"""Selecting the devices to distribute each batch over."""

import os

import keras

from kerasrestore.training.distribution.distribution import Distribution

STRATEGIES = ("auto", "none", "mirrored", "multiworker", "tpu")


class JaxDistribution(Distribution):
    """Data parallelism over the devices of one process, with JAX."""

    def __init__(self):
        devices = keras.distribution.list_devices()
        super().__init__("mirrored", len(devices))
        self.parallel = keras.distribution.DataParallel(devices=devices)

    def scope(self):
        return self.parallel.scope()

    def compiled_steps(self, model, patches, batch_size, accumulate=1):
        import jax

        from kerasrestore.training.loop.jax_steps import JaxSteps

        return JaxSteps(model, patches, batch_size, jax.devices(), accumulate)


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
        return JaxDistribution()
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
