"""Self-test: pixels that a model must return for a known image.

A checksum shows that a file is the one that was exported. A self-test shows
that it computes the same here as where it was exported: whatever was changed
on the way, whoever wrote the checksum, and whichever processor or delegate
runs it. The image is computed in integers, so that it is the same in every
language.
"""

import numpy as np

PIXELS = 16
# Processors round differently; quantized models may differ by a few byte
# steps.
FLOAT_TOLERANCE = 1e-3
TOLERANCE = 5 / 255


def self_test_image(tile, channels):
    """The input image of a self-test.

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
    # Arithmetic of bytes is modulo 256 by itself.
    y, x, c = (
        index.astype(np.uint8)
        for index in np.ogrid[: tile[0], : tile[1], :channels]
    )
    values = 3 * x * x + 5 * x * y + 7 * y * y + 31 * c
    return values / np.float32(255)


def make_self_test(model):
    """Makes the `self_test` of a sidecar.

    Args:
        model: `LiteRTModel` that is correct, with its sidecar's own tile.

    Returns:
        Dictionary: `sigma` that the model was given, `pixels` as
        `[y, x, values]`, and the `tolerance` of the values.

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
    """Runs a model on the image of the self-test.

    The output is compared if the sidecar has a self-test and the model runs
    with the tile that it was made with.

    Args:
        model: `LiteRTModel`.

    Raises:
        ValueError: if the model cannot be run or fails the self-test.
    """
    restored, _ = _run(model)
    test = model.sidecar.get("self_test")
    if test is None or tuple(model.tile) != tuple(model.sidecar["tile"]):
        return
    for y, x, values in test["pixels"]:
        found = restored[y, x]
        if not np.abs(found - values).max() <= test["tolerance"]:
            raise ValueError(
                f"{model.path} fails its self-test: it returns "
                f"{[round(float(value), 4) for value in found]} at row {y}, "
                f"column {x}, but its sidecar declares {values}; copy both "
                "files of the model again or export it again."
            )


def _run(model):
    low, high = model.sidecar["sigma_range"]
    test = model.sidecar.get("self_test", {"sigma": (low + high) / 2})
    image = self_test_image(model.tile, model.sidecar["channels"])
    return model.run(image, test["sigma"]), test["sigma"]
