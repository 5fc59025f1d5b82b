"""Phase 1 of DANet's distillation: a teacher whose input is the clean image."""

import keras
import numpy as np

from kerasrestore.training.patches.device_patches import DevicePatches


@keras.saving.register_keras_serializable(package="kerasrestore")
class PrivilegedTraining(keras.Model):
    """A `PrivilegedTeacher` and its losses, for `kerasrestore.training.fit`.

    The loss is

        L(clean, restored) + imitation_weight * mean |degraded - LQ|

    where L is the training loss and LQ the degraded image. The teacher's
    input is the clean image, so use a `PrivilegedSampler`.

    Args:
        teacher: the `PrivilegedTeacher` to train.
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
    """The patches of another sampler, with the clean ones as the input.

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


class PrivilegedPatches(DevicePatches):
    """The same for patches that are made on the device.

    Args:
        sampler: as in `DevicePatches`.
    """

    def make(self, resident, step, share):
        degraded, clean, sigma = super().make(resident, step, share)
        return clean, degraded, sigma


class PrivilegedValidation:
    """Validation metrics of a `PrivilegedTeacher` during training.

    Args:
        validate: `Validation` with a single task that does not degrade
            images, so that the input is the clean image.
        validate_decoder: `Validation` of the decoder as a restorer.
        sigma: noise level passed with a clean image to a teacher with
            `sigma_input`.

    Call arguments:
        teacher: a `PrivilegedTeacher`.

    Returns:
        Dictionary: `"psnr"`, how well the teacher reproduces its clean
        input, and `"psnr_decoder"`, how well its decoder restores degraded
        images, on which it has not been trained.
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
    """A privileged teacher with the interface of a restorer."""

    sigma_input = False  # Its noise level is fixed.

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
