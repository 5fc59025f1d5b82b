"""PrivilegedTeacher: the network that DANet-S learns from."""

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
    """Encoder and decoder that reproduce a clean image through a bottleneck.

    The encoder is given the clean image, which is privileged information,
    and a loss holds its output to the degraded image; the decoder restores
    the clean image from that. The decoder is exactly DANet-S. So the teacher
    is trained, in phase 1, on

        mean |degraded - LQ| and mean (restored - HQ)^2,

    and in phase 2 DANet-S starts from the decoder's weights (`student`) and
    is trained on degraded images alone.

    The encoder has the decoder's kind of blocks and all of its scales. How
    large it is the paper does not say; its teacher is "asymmetrical" and is
    trained with 5 images at a time where DANet takes 12, which fits an
    encoder as large as DANet in front of DANet-S (here 1.6 times the
    multiply-accumulates of DANet). That is the default.

    Args:
        task: as in `DANet`.
        channels: as in `DANet`.
        widths: as in `DANet`, for both halves.
        encoder_blocks: `blocks` of the encoder, those of DANet by default.
        decoder_blocks: `blocks` of the decoder, those of DANet-S by default.
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
          and 5.5; section 3.5, which describes the scheme, is not available.
        - PISR: Lee et al., "Learning with privileged information for
          efficient image super-resolution", ECCV 2020, whose scheme it
          changes.
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
        """The half that is given the clean image, a `DANet`."""
        return self.get_layer("encoder")

    @property
    def decoder(self):
        """The half that is DANet-S, a `DANet`."""
        return self.get_layer("decoder")

    def student(self, name="danet_s"):
        """A network of its own with the decoder's weights.

        Args:
            name: name of the model.

        Returns:
            A `DANet`, to be trained on degraded images.
        """
        student = DANet.from_config({**self.decoder.get_config(), "name": name})
        student.set_weights(self.decoder.get_weights())
        return student

    def features(self):
        """A model that shares this one's layers and gives the decoder's maps.

        Returns:
            A `keras.Model` with the inputs of this one; its output is the
            dictionary of `DANet.features` with `"degraded"` added.
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
