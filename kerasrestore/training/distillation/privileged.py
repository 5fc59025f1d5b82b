"""Phase 1 of DANet's distillation: the teacher that sees the clean image."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="kerasrestore")
class PrivilegedTraining(keras.Model):
    """A `PrivilegedTeacher` and its losses, for `kerasrestore.training.fit`.

    The loss is

        L(clean, restored) + imitation_weight * mean |degraded - LQ|

    where L is the loss of the training and LQ the degraded image. The
    teacher's input is the clean image, so the patches come from a
    `PrivilegedSampler`.

    Args:
        teacher: the `PrivilegedTeacher` that is trained.
        imitation_weight: weight of the second term.
        **kwargs: `name` as in `keras.Model`.

    Call arguments:
        inputs: as those of the teacher, clean.

    Input shape:
        As the teacher's.

    Output shape:
        As the teacher's.

    Example:
    >>> from kerasrestore.models.danet.privileged_teacher import (
    ...     PrivilegedTeacher,
    ... )
    >>> teacher = PrivilegedTeacher(
    ...     widths=(8, 16),
    ...     encoder_blocks=(0, 0),
    ...     decoder_blocks=(0, 0),
    ...     offset_width=4,
    ... )
    >>> PrivilegedTraining(teacher).sigma_input
    False

    References:
        - Huang et al., "Learning Deformable and Attentive Network for image
          restoration", Knowledge-Based Systems 2021, sections 2.4 and 4.1,
          after Lee et al., "Learning with privileged information for
          efficient image super-resolution", ECCV 2020.
    """

    def __init__(self, teacher, imitation_weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.teacher = teacher
        self.sigma_input = teacher.sigma_input
        self.imitation_weight = imitation_weight
        self.imitation_loss = keras.losses.MeanAbsoluteError()

    def call(self, inputs, training=None):
        return self.teacher(inputs, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        clean = x["image"] if self.sigma_input else x
        loss = super().compute_loss(
            x, clean, y_pred["restored"], sample_weight, training
        )
        return loss + self.imitation_weight * self.imitation_loss(
            y, y_pred["degraded"]
        )


class PrivilegedSampler:
    """The patches of another sampler, the clean one for input.

    Args:
        sampler: `kerasrestore.data.PatchSampler`.

    Attributes:
        batch_size: patches in a batch.
    """

    def __init__(self, sampler):
        self.sampler = sampler
        self.batch_size = sampler.batch_size

    def batch(self, step):
        """Batch number `step`: clean patches, degraded ones, strengths."""
        degraded, clean, sigma = self.sampler.batch(step)
        return clean, degraded, sigma


class PrivilegedValidation:
    """Figures of a `PrivilegedTeacher` while it trains.

    Args:
        validate: `Validation` whose one task leaves images as they are:
            what it hands on is the clean image.
        validate_decoder: `Validation` of restorers.
        sigma: the noise level that a teacher with `sigma_input` is given
            beside a clean image.

    Call arguments:
        teacher: a `PrivilegedTeacher`.

    Returns:
        Dictionary: `"psnr"`, how well the teacher reproduces the clean
        image that it is given, and `"psnr_decoder"`, how well its decoder
        restores degraded images, of which it has seen none.
    """

    def __init__(self, validate, validate_decoder, sigma=None):
        self.validate = validate
        self.validate_decoder = validate_decoder
        self.sigma = sigma

    def __call__(self, teacher):
        return {
            "psnr": self.validate(_Reproducer(teacher, self.sigma))["psnr"],
            "psnr_decoder": self.validate_decoder(teacher.decoder)["psnr"],
        }


class _Reproducer:
    """A privileged teacher as `Validation` takes restorers."""

    sigma_input = False  # It takes the level that it was made with.

    def __init__(self, teacher, sigma):
        self.teacher = teacher
        self.sigma = sigma
        self.size_multiple = teacher.decoder.size_multiple

    def restore_tile(self, tile, _):
        inputs = tile.astype(np.float32)
        if self.teacher.sigma_input:
            level = np.full((len(tile), 1), self.sigma, np.float32)
            inputs = {"image": inputs, "sigma": level}
        return np.asarray(self.teacher.predict_on_batch(inputs)["restored"])
