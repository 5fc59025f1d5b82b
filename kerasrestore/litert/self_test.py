"""A known answer: pixels that a model has to give for a known image.

A checksum tells that a file is the one that was exported. A known answer
tells that it restores here as it did there: whatever was changed on the way,
whoever wrote the checksum, and whichever processor or delegate runs it. The
image is made of whole numbers alone, so that every language makes the same.
"""

import numpy as np

PIXELS = 16
# Different processors round differently; what is quantized may be a few
# steps of a byte apart.
FLOAT_TOLERANCE = 1e-3
TOLERANCE = 5 / 255


def self_test_image(tile, channels):
    """The image that a self-test is made with.

    Its bytes are `(3 x^2 + 5 x y + 7 y^2 + 31 c) mod 256`, its values bytes
    divided by 255.

    Args:
        tile: `(height, width)`.
        channels: 1 or 3.

    Returns:
        float32 `(height, width, channels)` in [0, 1].

    Example:
    >>> (self_test_image((2, 2), 1)[..., 0] * 255).tolist()
    [[0.0, 3.0], [7.0, 15.0]]
    """
    # Sums modulo 256 are what bytes give by themselves.
    y, x, c = (
        index.astype(np.uint8)
        for index in np.ogrid[: tile[0], : tile[1], :channels]
    )
    values = 3 * x * x + 5 * x * y + 7 * y * y + 31 * c
    return values / np.float32(255)


def make_self_test(model):
    """What a sidecar tells under `self_test`.

    Args:
        model: `LiteRTModel` that is right, with its sidecar's own tile.

    Returns:
        Dictionary: `sigma` that the model was told, `pixels` as
        `[y, x, values]`, and by how much they may differ.

    Raises:
        ValueError: if the model cannot be run.
    """
    restored, sigma = _run(model)
    height, width = restored.shape[:2]
    # One pixel in every row and every column of a grid, none at the border.
    pixels = []
    for k in range(PIXELS):
        y = (2 * k + 1) * height // (2 * PIXELS)
        x = (2 * (7 * k % PIXELS) + 1) * width // (2 * PIXELS)
        values = [round(float(value), 6) for value in restored[y, x]]
        pixels.append([y, x, values])
    exact = model.sidecar["quantization"] == "float32"
    size = max(1.0, float(np.abs(restored).max()))
    return {
        "sigma": sigma,
        "pixels": pixels,
        "tolerance": size * (FLOAT_TOLERANCE if exact else TOLERANCE),
    }


def run_self_test(model):
    """Runs a model on the known image.

    Where the sidecar tells the answer and the model is run with the tile
    that it was made with, the answer is compared.

    Args:
        model: `LiteRTModel`.

    Raises:
        ValueError: if the model cannot be run or gives another answer.
    """
    restored, _ = _run(model)
    test = model.sidecar.get("self_test")
    if test is None or tuple(model.tile) != tuple(model.sidecar["tile"]):
        return
    for y, x, values in test["pixels"]:
        found = restored[y, x]
        if not np.abs(found - values).max() <= test["tolerance"]:
            raise ValueError(
                f"{model.path} restores the image of its self-test to "
                f"{[round(float(value), 4) for value in found]} at row {y}, "
                f"column {x}, its sidecar speaks of {values}; copy both files "
                "of the model again or export it again."
            )


def _run(model):
    low, high = model.sidecar["sigma_range"]
    test = model.sidecar.get("self_test", {"sigma": (low + high) / 2})
    image = self_test_image(model.tile, model.sidecar["channels"])
    return model.run(image, test["sigma"]), test["sigma"]
