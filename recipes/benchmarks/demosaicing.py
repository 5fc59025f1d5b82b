"""Compares demosaicing with interpolation, on all four Bayer patterns.

python recipes/benchmarks/demosaicing.py benchmarks/CBSD68 benchmarks/Kodak24

Prints the PSNR in RGB without shaving a border: of the default preset, of
bilinear interpolation, of Malvar's linear filters and, where OpenCV is
installed (`pip install opencv-python-headless`), of its edge-aware method.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from kerasrestore.data.images import list_images, load_image
from kerasrestore.imaging.mosaic import PATTERNS
from kerasrestore.litert.load_restorer import load_presets, preset_names
from kerasrestore.metrics import psnr_rgb
from kerasrestore.tasks import Demosaic
from kerasrestore.tasks.camera.bayer import (
    PHASES,
    demosaic_bilinear,
    demosaic_malvar,
)

# OpenCV names a pattern by the second row's second and third pixel.
OPENCV = {"GRBG": "GB", "RGGB": "BG", "GBRG": "GR", "BGGR": "RG"}


def interpolation(function, pattern):
    """A method from mosaic to image, both floats in [0, 1]."""
    phase = PHASES[PATTERNS.index(pattern)]
    return lambda mosaic: function(mosaic.sum(-1), phase)


def edge_aware(pattern):
    """OpenCV's edge-aware demosaicing, or `None` without OpenCV."""
    try:
        import cv2
    except ImportError:
        return None
    code = getattr(cv2, f"COLOR_Bayer{OPENCV[pattern]}2RGB_EA")

    def run(mosaic):
        levels = np.rint(mosaic.sum(-1) * 255).astype(np.uint8)
        return cv2.cvtColor(levels, code) / np.float32(255)

    return run


def methods(pattern):
    """Dictionary from names to functions of a mosaic `(H, W, 3)`."""
    restorer = load_presets(preset_names("demosaic"))
    found = {
        restorer.name: lambda mosaic: restorer.restore(mosaic, pattern=pattern),
        "bilinear": interpolation(demosaic_bilinear, pattern),
        "Malvar": interpolation(demosaic_malvar, pattern),
        "OpenCV edge-aware": edge_aware(pattern),
    }
    return {name: method for name, method in found.items() if method}


def levels(image):
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    args = parser.parse_args(argv)
    print("folder,method," + ",".join(PATTERNS))
    for folder in args.folders:
        images = [load_image(path, 3) for path in list_images(folder)]
        figures = {}
        for pattern in PATTERNS:
            task = Demosaic(pattern)
            for name, method in methods(pattern).items():
                psnr = [
                    psnr_rgb(levels(method(mosaic)), clean)
                    for clean in images
                    for mosaic in [task.degrade_benchmark(clean, 0)]
                ]
                figures.setdefault(name, []).append(np.mean(psnr))
        for name, values in figures.items():
            row = ",".join(f"{value:.2f}" for value in values)
            print(f"{folder.name},{name},{row}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
