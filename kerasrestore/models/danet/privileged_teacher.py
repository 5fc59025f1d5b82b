"""PrivilegedTeacher: the teacher network of DANet-S."""

import keras

from kerasrestore.models.danet.danet import (
    OFFSET_WIDTH,
    SIZES,
    WIDTHS,
    DANet,
)
from kerasrestore.models.graph_parts import image_inputs


@keras.saving.register_keras_serializable(package="kerasrestore")
class PrivilegedTeacher(keras.Model):
    """Autoencoder of the clean image with the degraded image as bottleneck.

    The encoder receives the clean image, which is privileged information, and
    a loss makes its output imitate the degraded image; the decoder restores
    the clean image from it. The decoder is exactly DANet-S. In phase 1 the
    teacher is trained on

        mean |degraded - LQ| and mean (restored - HQ)^2,

    and in phase 2 DANet-S is initialized with the weights of the decoder
    (`student`) and trained on degraded images only.

    The encoder has the same kind of blocks and the same scales as the
    decoder. The paper does not state its size; its teacher is "asymmetrical"
    and is trained with a batch size of 5 where DANet uses 12, which is
    consistent with an encoder as large as DANet followed by DANet-S (here 1.6
    times the multiply-accumulates of DANet). This is the default.

    Args:
        task: as in `DANet`.
        channels: as in `DANet`.
        widths: as in `DANet`, for both halves.
        encoder_blocks: `blocks` of the encoder, by default those of DANet.
        decoder_blocks: `blocks` of the decoder, by default those of DANet-S.
        offset_width: as in `DANet`, for both halves.
        sigma_input: whether both halves are conditioned on the noise level.
        name: as in `keras.Model`.
        trainable: as in `keras.Model`.
        dtype: dtype or dtype policy of the layers.

    Call arguments:
        inputs: the clean image, or with `sigma_input` a dictionary with
            `"image"` and `"sigma"`.

    Input shape:
        As `DANet`.

    Output shape:
        A dictionary of two images of the input's shape: `"degraded"` is the
        encoder's output, `"restored"` the decoder's.

    Raises:
        ValueError: as `DANet`.

    Example:
    >>> import numpy as np
    >>> teacher = PrivilegedTeacher(
    ...     widths=(8, 16),
    ...     encoder_blocks=(1, 1),
    ...     decoder_blocks=(0, 1),
    ...     offset_width=4,
    ... )
    >>> images = teacher(np.zeros((1, 16, 24, 3), "float32"))
    >>> sorted(images)
    ['degraded', 'restored']
    >>> student = teacher.student()
    >>> student.size
    'slim'

    References:
        - DANet: Huang et al., "Learning Deformable and Attentive Network for
          image restoration", Knowledge-Based Systems 2021, sections 2.4, 4.1
          and 5.5; section 3.5, which describes the method, is not available.
        - PISR: Lee et al., "Learning with privileged information for
          efficient image super-resolution", ECCV 2020, the method that DANet
          modifies.
    """

    def __init__(
        self,
        task="denoise",
        channels=3,
        widths=WIDTHS,
        encoder_blocks=SIZES["full"],
        decoder_blocks=SIZES["slim"],
        offset_width=OFFSET_WIDTH,
        sigma_input=False,
        name=None,
        trainable=True,
        dtype=None,
    ):
        encoder, decoder = (
            DANet(
                task=task,
                channels=channels,
                size=size,
                widths=widths,
                blocks=blocks,
                offset_width=offset_width,
                sigma_input=sigma_input,
                dtype=dtype,
                name=half,
            )
            for half, size, blocks in (
                ("encoder", "full", encoder_blocks),
                ("decoder", "slim", decoder_blocks),
            )
        )
        _, inputs = image_inputs(channels, sigma_input)
        degraded = encoder(inputs)
        restored = decoder(
            {**inputs, "image": degraded} if sigma_input else degraded
        )
        super().__init__(
            inputs=inputs,
            outputs={"degraded": degraded, "restored": restored},
            name=name,
            trainable=trainable,
        )
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)
        self.sigma_input = bool(sigma_input)

    @property
    def encoder(self):
        """The half that receives the clean image, a `DANet`."""
        return self.get_layer("encoder")

    @property
    def decoder(self):
        """The half that is DANet-S, a `DANet`."""
        return self.get_layer("decoder")

    def student(self, name="danet_s"):
        """Creates a separate network with the weights of the decoder.

        Args:
            name: name of the model.

        Returns:
            A `DANet`, to be trained on degraded images.
        """
        student = DANet.from_config({**self.decoder.get_config(), "name": name})
        student.set_weights(self.decoder.get_weights())
        return student

    def features(self):
        """Builds a model with shared layers that returns the decoder features.

        Returns:
            A `keras.Model` with the same inputs; its output is the dictionary
            of `DANet.features` with `"degraded"` added.
        """
        inputs, degraded = self.input, self.output["degraded"]
        taken = {**inputs, "image": degraded} if self.sigma_input else degraded
        maps = self.decoder.features()(taken)
        return keras.Model(
            inputs,
            {"degraded": degraded, **maps},
            name=f"{self.name}_features",
        )

    def get_config(self):
        encoder, decoder = self.encoder, self.decoder
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "task": decoder.task,
            "channels": decoder.channels,
            "widths": list(decoder.widths),
            "encoder_blocks": list(encoder.blocks),
            "decoder_blocks": list(decoder.blocks),
            "offset_width": decoder.offset_width,
            "sigma_input": self.sigma_input,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
