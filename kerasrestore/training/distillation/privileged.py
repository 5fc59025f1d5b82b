"""Phase 1 of DANet's distillation: a teacher that sees the clean image."""

import keras
import numpy as np
from keras import ops

from kerasrestore.models.danet.privileged_teacher import PrivilegedTeacher
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.validation import Validation


@keras.saving.register_keras_serializable(package="kerasrestore")
class PrivilegedTraining(keras.Model):
    """A `PrivilegedTeacher` and its losses, for `kerasrestore.training.fit`.

    The loss is

        L(clean, restored) + imitation_weight * mean |encoded - target|

    where L is the training loss and the target what the teacher's
    `encoder_target` says. The teacher needs the clean image as an input, so
    use a `PrivilegedSampler`.

    Args:
        teacher: the `PrivilegedTeacher` to train.
        imitation_weight: weight of the second term.
        **kwargs: `name` as in `keras.Model`.

    Call arguments:
        inputs: clean and degraded images, one after the other along the
            channels; with `sigma_input` a dictionary of these as `"image"`
            and `"sigma"`.

    Input shape:
        `(batch, height, width, 2 * channels)`.

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
        clean, degraded = self._images(inputs)
        sigma = inputs["sigma"] if self.sigma_input else None
        return self.teacher(
            self.teacher.inputs_of(clean, degraded, sigma), training=training
        )

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        clean, degraded = self._images(x)
        target = clean if self.teacher.encoder_target == "clean" else degraded
        loss = super().compute_loss(
            x, y, y_pred["restored"], sample_weight, training
        )
        return loss + self.imitation_weight * self.imitation_loss(
            target, y_pred["encoded"]
        )

    def _images(self, inputs):
        both = inputs["image"] if self.sigma_input else inputs
        return ops.split(both, 2, axis=-1)


class PrivilegedSampler:
    """The patches of another sampler, with the clean ones in the input too.

    Args:
        sampler: `kerasrestore.data.PatchSampler` or `PairSampler`.

    Attributes:
        batch_size: patches in a batch.
    """

    def __init__(self, sampler):
        self.sampler = sampler
        self.batch_size = sampler.batch_size

    def batch(self, step):
        """Batch number `step`: clean and degraded patches along the
        channels, clean patches, strengths."""
        degraded, clean, sigma = self.sampler.batch(step)
        return np.concatenate([clean, degraded], axis=-1), clean, sigma


class PrivilegedPatches(DevicePatches):
    """The same for patches that are made on the device.

    Args:
        sampler: as in `DevicePatches`.
    """

    def make(self, resident, step, share):
        degraded, clean, sigma = super().make(resident, step, share)
        return ops.concatenate([clean, degraded], axis=-1), clean, sigma


class PrivilegedValidation(Validation):
    """Validation metrics of a `PrivilegedTeacher` during training.

    Arguments are those of `Validation`.

    Call arguments:
        teacher: a `PrivilegedTeacher`.

    Returns:
        Dictionary: `"psnr"`, how well the teacher restores degraded images
        whose clean ones its encoder sees, and `"psnr_decoder"`, how well its
        decoder restores them alone, as DANet-S will.
    """

    def __call__(self, teacher):
        return {
            "psnr": super().__call__(teacher)["psnr"],
            "psnr_decoder": super().__call__(teacher.decoder)["psnr"],
        }

    def restore(self, model, degraded, clean, strength):
        if not isinstance(model, PrivilegedTeacher):
            return super().restore(model, degraded, clean, strength)
        clean = clean.astype(np.float32) / np.float32(255)
        sigma = strength.astype(np.float32) if model.sigma_input else None
        inputs = model.inputs_of(clean, degraded, sigma)
        restored = model.predict_on_batch(inputs)["restored"]
        # Each device of a mirrored model restores them all.
        return np.asarray(restored)[: len(degraded)]
