"""Loops over blocks with the memory of a single block."""

import functools
import itertools

import keras
from keras import ops


def map_blocks(function, blocks, shared=(), total=False, **static):
    """Applies a function to the blocks one after the other.

    `keras.ops.map` lets TensorFlow run several iterations in parallel and, in
    training, stores the activations of every iteration. Here the iterations
    are sequential, the backward pass recomputes each of them, and the loop is
    compiled by XLA, which fuses the operations on a block. So both passes
    need the memory of only one block.

    Args:
        function: takes `(*blocks_of_one_iteration, *shared, **static)` and
            returns a tensor. Must be a module-level function, not a closure,
            as it is the cache key of the compiled loop.
        blocks: tensors `(count, ...)`, one entry per iteration.
        shared: tensors that are passed whole to every iteration. An integer
            block may index them with `keras.ops.take`.
        total: `True` to return the sum of the results instead of all results.
        **static: further hashable arguments.

    Returns:
        Tensor `(count, ...)`, or the sum over the iterations.

    Raises:
        ValueError: if the backend is neither TensorFlow nor JAX.

    Example:
    >>> import numpy as np
    >>> def scaled(block, factor):
    ...     return block * factor
    >>> x = np.arange(6.0, dtype="float32").reshape(3, 2)
    >>> np.asarray(map_blocks(scaled, [x], [np.float32(2)])).tolist()
    [[0.0, 2.0], [4.0, 6.0], [8.0, 10.0]]
    """
    loops = {"tensorflow": _tensorflow_loop, "jax": _jax_loop}
    backend = keras.backend.backend()
    if backend not in loops:
        raise ValueError(
            f"Attention supports the backends tensorflow and jax, but Keras is "
            f"set to {backend}; set KERAS_BACKEND."
        )
    tensors = [ops.convert_to_tensor(x) for x in (*blocks, *shared)]
    run = loops[backend](
        function,
        len(blocks),
        total,
        tuple(sorted(static.items())),
        # One compiled function for each combination of shapes.
        tuple(
            (tuple(x.shape), keras.backend.standardize_dtype(x.dtype))
            for x in tensors
        ),
    )
    return run(*tensors)


@functools.lru_cache(maxsize=256)
def _jax_loop(function, count, total, static, signature):
    import jax

    @jax.jit
    def run(*tensors):
        blocks, shared = tensors[:count], tensors[count:]

        @jax.checkpoint
        def one(block, shared):
            return function(*block, *shared, **dict(static))

        if not total:
            return jax.lax.map(lambda block: one(block, shared), blocks)
        start = jax.eval_shape(one, [block[0] for block in blocks], shared)
        return jax.lax.scan(
            lambda sum_, block: (sum_ + one(block, shared), None),
            jax.numpy.zeros(start.shape, start.dtype),
            blocks,
        )[0]

    return run


@functools.lru_cache(maxsize=256)
def _tensorflow_loop(function, count, total, static, signature):
    import tensorflow as tf

    def result(index, tensors):
        blocks = [tf.gather(block, index) for block in tensors[:count]]
        return function(*blocks, *tensors[count:], **dict(static))

    def loop(steps, body, state):
        return tf.while_loop(
            lambda index, *_: index < steps,
            lambda index, *state: (index + 1, *body(index, *state)),
            (tf.constant(0), *state),
            parallel_iterations=1,
        )[1:]

    def array(steps, like):
        return tf.TensorArray(like.dtype, steps, element_shape=like.shape)

    @tf.function(jit_compile=True, autograph=False)
    def forward(*tensors):
        if 1 in (block.shape[0] for block in tensors[:count]):
            # No loop and no GATHER, which mobile delegates do not support.
            blocks = [block[0] for block in tensors[:count]]
            only = function(*blocks, *tensors[count:], **dict(static))
            return only if total else only[None]
        steps = tf.shape(tensors[0])[0]
        # Only for its shape and dtype; its value is never computed.
        like = result(tf.constant(0), tensors)
        if total:
            return loop(
                steps,
                lambda index, sum_: [sum_ + result(index, tensors)],
                [tf.zeros_like(like)],
            )[0]
        return loop(
            steps,
            lambda index, out: [out.write(index, result(index, tensors))],
            [array(steps, like)],
        )[0].stack()

    @tf.function(jit_compile=True, autograph=False)
    def backward(upstream, *tensors):
        steps = tf.shape(tensors[0])[0]
        shared = tensors[count:]

        floating = [x.dtype.is_floating for x in tensors]

        def body(index, of_blocks, of_shared):
            inputs = [tf.gather(block, index) for block in tensors[:count]]
            inputs += shared
            with tf.GradientTape() as tape:
                sources = list(itertools.compress(inputs, floating))
                tape.watch(sources)
                output = function(*inputs, **dict(static))
            slopes = tape.gradient(
                output,
                sources,
                upstream if total else tf.gather(upstream, index),
                tf.UnconnectedGradients.ZERO,
            )
            own, common = slopes[: len(of_blocks)], slopes[len(of_blocks) :]
            return [
                [
                    out.write(index, slope)
                    for out, slope in zip(of_blocks, own, strict=True)
                ],
                [
                    sum_ + slope
                    for sum_, slope in zip(of_shared, common, strict=True)
                ],
            ]

        of_blocks, of_shared = loop(
            steps,
            body,
            [
                [
                    array(steps, block[0])
                    for block in itertools.compress(tensors[:count], floating)
                ],
                [
                    tf.zeros_like(tensor)
                    for tensor in itertools.compress(shared, floating[count:])
                ],
            ],
        )
        slopes = iter([*(out.stack() for out in of_blocks), *of_shared])
        # Integers are indices and have no gradient.
        return [next(slopes) if is_float else None for is_float in floating]

    # Concrete functions, as TensorFlow warns about functions that are retraced
    # for many shapes.
    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in signature]

    @functools.cache
    def compiled_forward():
        return forward.get_concrete_function(*specs)

    @functools.cache
    def compiled_backward():
        like = compiled_forward().outputs[0]
        upstream = tf.TensorSpec(like.shape, like.dtype)
        return backward.get_concrete_function(upstream, *specs)

    @tf.custom_gradient
    def run(*tensors):
        def gradient(upstream):
            return compiled_backward()(upstream, *tensors)

        # An outer tape must not differentiate through the loop.
        return compiled_forward()(*map(tf.stop_gradient, tensors)), gradient

    return run
