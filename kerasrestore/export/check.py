"""Compares an exported model with its original in Keras."""

import math
import warnings

import numpy as np

# Largest difference of float32 files, relative to the largest value.
LARGEST_DIFFERENCE = 1e-4
# Lowest PSNR of the others against Keras, where trained models have 40 to 90
# dB: a lower one means that the conversion broke the model.
LEAST_PSNR = {"float16": 30.0, "dynamic": 20.0, "int8": 20.0, "int16x8": 30.0}


def compare(model, exported, to, image, sigma):
    """Runs one tile through both and compares the results.

    Args:
        model: `Restorer`.
        exported: `LiteRTRestorer` of the file made from it.
        to: quantization of the file.
        image: float32 `(1, height, width, channels)`.
        sigma: noise level for models that take it, else `None`.

    Returns:
        Dictionary: `max_difference` on the [0, 1] scale, and `psnr` in
        decibels, with the range of Keras's output, at least 1, as peak;
        `None` if there is no difference.

    Raises:
        ValueError: if they differ by more than the quantization allows.
    """
    wanted = model.restore_tile(image, sigma)
    if exported.sidecar["io"]["restored"] == "uint8":
        wanted = wanted.clip(0, 1)
    found = exported.restore_tile(image, sigma)
    difference = float(np.max(np.abs(found - wanted)))
    error = float(np.mean(np.square(found - wanted, dtype=np.float64)))
    peak = max(1.0, float(np.ptp(wanted)))
    psnr = 10 * math.log10(peak**2 / error) if error > 0 else None
    if to == "float32" and exported.sidecar["io"]["restored"] == "float32":
        size = max(1.0, float(np.abs(wanted).max()))
        fits = difference <= LARGEST_DIFFERENCE * size
        gap = f"up to {difference:.2g} on the [0, 1] scale, more than " + (
            f"{LARGEST_DIFFERENCE * size:.2g}"
        )
    else:
        # Rounding to bytes alone limits the PSNR to 58.9 dB.
        least = LEAST_PSNR.get(to, 50.0)
        fits = psnr is None or psnr >= least
        gap = f"a PSNR of {psnr or 0:.1f} dB, less than {least:g} dB"
    if not fits or not np.isfinite(difference):
        raise ValueError(
            f"The exported {to} model differs from Keras too much ({gap}); it "
            "was not saved."
        )
    return {
        "max_difference": round(difference, 7),
        "psnr": None if psnr is None else round(psnr, 2),
    }


def warn_about_shapes(graph, dynamic, name):
    """Warns about tensors that some phone delegates reject: those of more than
    four dimensions and, unless the file is dynamic, those of unknown size.

    The CPU runs them, so the file is still written.

    Args:
        graph: `TFLiteGraph` of the file.
        dynamic: whether the file takes any size.
        name: name of the model in the warning.
    """
    tensors = [x for subgraph in graph.subgraphs for x in subgraph.tensors]
    large = [x for x in tensors if len(x.shape) > 4]
    unknown = [] if dynamic else [x for x in tensors if x.dynamic]
    for found, what in (
        (large, "of more than four dimensions"),
        (unknown, "of unknown size"),
    ):
        if found:
            warnings.warn(
                f"{name} has {len(found)} tensor(s) {what}, for example "
                f"{found[0].name[:60]!r}; the CPU runs them, GPU delegates "
                "may not.",
                stacklevel=4,
            )
