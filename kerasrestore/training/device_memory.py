"""Memory of the device that computes a training step."""

import keras

from kerasrestore.inference.memory import (
    DEFAULT_LIMIT,
    peak_bytes,
    process_bytes,
)


def device_bytes():
    """Bytes now and at the peak, on the first accelerator or in this
    process."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            info = tf.config.experimental.get_memory_info("GPU:0")
            return info["current"], info["peak"]
    if backend == "jax":
        import jax

        stats = jax.local_devices()[0].memory_stats()
        if stats:
            return stats["bytes_in_use"], stats["peak_bytes_in_use"]
    now = process_bytes()
    return now, peak_bytes() or now


def free_bytes():
    """Bytes that are available to a step on the device."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            # Unknown with TensorFlow; there a step that is too large raises
            # an error and does not end the process.
            return float("inf")
    if backend == "jax":
        import jax

        stats = jax.local_devices()[0].memory_stats()
        if stats:
            return stats["bytes_limit"]
    return free_host_bytes()


def free_host_bytes():
    """Bytes of main memory that are available, or a guess."""
    try:
        with open("/proc/meminfo") as file:
            found = dict(line.split(":") for line in file)
        return int(found["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return DEFAULT_LIMIT
