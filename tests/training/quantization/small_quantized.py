"""A small model to quantize, and its inputs."""

from testing import enliven, random_image

from kerasrestore import DANetMobile


def small(**kwargs):
    return enliven(
        DANetMobile(
            widths=(8, 16),
            middle_blocks=1,
            decoder_blocks=(1,),
            name="small",
            **kwargs,
        )
    )


# The smallest that the small model can be exported for.
TILE = 56


def batches(count=2, size=TILE, channels=3):
    return [
        random_image((2, size, size, channels), seed=seed)
        for seed in range(count)
    ]


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]
