"""Compiled functions that are not compiled again."""

import keras


def keep_compiled(folder):
    """Keeps what JAX compiles in a folder, to be found there again.

    The training step of the self-check is the same as that of the training,
    in another function. With another backend, nothing is kept.

    Args:
        folder: folder; made if needed.
    """
    if keras.config.backend() != "jax":
        return
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder))
