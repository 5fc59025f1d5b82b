"""Degradation as tensor operations, part of every task."""


class TensorDegradation:
    """The part of a `Task` that degrades batches on an accelerator.

    A task that can implements `draw_tensors` and `pair_tensors`.
    """

    def degrade_tensors(self, clean, seed=None):
        """`degrade` with `keras.ops`, for batches on an accelerator.

        Args:
            clean: tensor `(N, H, W, C)` in [0, 1].
            seed: `keras.random.SeedGenerator`, integer or `None`.

        Returns:
            The degraded batch and the strengths `(N,)`, float32 tensors.

        Raises:
            ValueError: if the task has no implementation in tensor operations.
        """
        from keras import ops

        clean = ops.cast(clean, "float32")
        drawn = self.draw_tensors(ops.shape(clean), seed)
        degraded, _, strength = self.pair_tensors(clean, drawn)
        return degraded, strength

    def draw_tensors(self, shape, seed=None):
        """Draws all that is random in the degradation of a batch.

        Args:
            shape: shape of the clean batch, `(N, H, W, C)`.
            seed: as in `degrade_tensors`.

        Returns:
            Dictionary of tensors, one row for each image.

        Raises:
            ValueError: as `degrade_tensors`.
        """
        raise ValueError(
            f"The task {self.name} has no degradation in tensor operations; "
            "degrade NumPy patches with degrade instead."
        )

    def pair_tensors(self, clean, drawn):
        """`training_pair` with `keras.ops`: nothing is drawn here.

        Args:
            clean: float32 tensor `(N, H, W, C)` in [0, 1].
            drawn: from `draw_tensors`.

        Returns:
            `(degraded, target, strength)`: two batches of images and the
            strengths `(N,)`, float32 tensors.

        Raises:
            ValueError: if the task cannot degrade images of that shape.
        """
        raise NotImplementedError
