"""PrivilegedTeacher: the teacher network of DANet-S."""

import keras

from kerasrestore.models.danet.danet import (
    OFFSET_WIDTH,
    SIZES,
    WIDTHS,
    DANet,
)
from kerasrestore.models.graph_parts import image_inputs

TARGETS = ("degraded", "clean")


@keras.saving.register_keras_serializable(package="kerasrestore")
class PrivilegedTeacher(keras.Model):
    """A decoder that is exactly DANet-S, behind an encoder of the clean image.

    The encoder receives the clean image, which is privileged information, and
    the decoder restores the clean image from what the encoder makes of it.
    In phase 1 the teacher is trained on

        mean |encoded - target| and mean (restored - clean)^2,

    and in phase 2 DANet-S is initialized with the weights of the decoder
    (`student`) and trained on degraded images only. The first loss keeps what
    the decoder sees close to a degraded image. There are two forms:

    - `encoder_target="degraded"`, the paper's: the encoder imitates the
      degraded image, and the decoder sees its output. This requires a
      degradation that can be predicted from the clean image.
    - `encoder_target="clean"`, for noise, which cannot be predicted: the
      encoder imitates the clean image, and the decoder sees its output plus
      the noise of the degraded image, `encoded + (degraded - clean)`.

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
        encoder_target: `"degraded"` or `"clean"`, the image that the encoder
            is trained to imitate; see above.
        name: as in `keras.Model`.
        trainable: as in `keras.Model`.
        dtype: dtype or dtype policy of the layers.

    Call arguments:
        inputs: the clean image; or a dictionary with the clean `"image"`,
            `"degraded"` if the encoder imitates the clean image, and
            `"sigma"` with `sigma_input`. See `inputs_of`.

    Input shape:
        As `DANet`.

    Output shape:
        A dictionary of two images of the input's shape: `"encoded"` is the
        encoder's output, `"restored"` the decoder's.

    Raises:
        ValueError: as `DANet`, or if `encoder_target` is something else.

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
    ['encoded', 'restored']
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
        encoder_target="degraded",
        name=None,
        trainable=True,
        dtype=None,
    ):
        if encoder_target not in TARGETS:
            raise ValueError(
                f"encoder_target must be one of {', '.join(TARGETS)}, got "
                f"{encoder_target!r}."
            )
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
        image, inputs = image_inputs(channels, sigma_input)
        encoded = decoded = encoder(inputs)
        taken = dict(inputs) if sigma_input else {"image": image}
        if encoder_target == "clean":
            degraded = keras.Input(image.shape[1:], name="degraded")
            decoded = encoded + (degraded - image)
            inputs = {**taken, "degraded": degraded}
        restored = decoder(
            {**taken, "image": decoded} if sigma_input else decoded
        )
        super().__init__(
            inputs=inputs,
            outputs={"encoded": encoded, "restored": restored},
            name=name,
            trainable=trainable,
        )
        self._decoded = decoded
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)
        self.sigma_input = bool(sigma_input)
        self.encoder_target = encoder_target
        self.size_multiple = decoder.size_multiple

    @property
    def encoder(self):
        """The half that receives the clean image, a `DANet`."""
        return self.get_layer("encoder")

    @property
    def decoder(self):
        """The half that is DANet-S, a `DANet`."""
        return self.get_layer("decoder")

    def inputs_of(self, clean, degraded, sigma=None):
        """What a call takes, of images and noise levels.

        Args:
            clean: clean images `(batch, height, width, channels)` in [0, 1].
            degraded: degraded images of the same shape.
            sigma: noise levels `(batch, 1)` on the 0..255 scale, for a
                teacher with `sigma_input`.
        """
        if not isinstance(self.input, dict):
            return clean
        given = {"image": clean, "degraded": degraded, "sigma": sigma}
        return {name: given[name] for name in self.input}

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
            of `DANet.features` with `"encoded"` added.
        """
        decoded = self._decoded
        if self.sigma_input:
            decoded = {"image": decoded, "sigma": self.input["sigma"]}
        maps = self.decoder.features()(decoded)
        return keras.Model(
            self.input,
            {"encoded": self.output["encoded"], **maps},
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
            "encoder_target": self.encoder_target,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
