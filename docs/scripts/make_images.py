"""Makes the README's pictures: `python docs/scripts/make_images.py`.

The portrait is the official one of Grace Hopper by James S. Davis, United
States Navy, in the public domain; matplotlib's sample data carry it. The night
scene is a rocket before its launch, by SpaceX, CC0; scikit-image's sample data
carry it (`pip install scikit-image`). A noisy camera with little noise
reduction is simulated here, its photos are saved as JPEG, and the default
preset restores the portrait. The same portrait with white noise is the sample
of the demos and of their golden vectors.
"""

from pathlib import Path

import numpy as np
import skimage
from matplotlib import cbook
from PIL import Image

import kerasrestore
from kerasrestore.metrics import psnr_rgb
from kerasrestore.tasks import CameraNoise, Denoise

IMAGES = Path(__file__).parent.parent / "images"
# High ISO; JPEG is left to the files below.
CAMERA = CameraNoise(
    shot=(6e-3, 1.2e-2), shares={"camera": 1.0}, denoised=0.3, jpeg=0
)
SEED = 6


def main():
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        portrait = _levels(file)[:480]
    night = _levels(Path(skimage.data.data_dir) / "rocket.jpg")
    white = Denoise(25, quantize=True).degrade_benchmark(portrait, 0)
    _save(white, "portrait_noisy.png")
    photograph(night, "night_camera.jpg")
    noisy, target = photograph(portrait, "portrait_camera.jpg")
    restored = kerasrestore.LiteRTRestorer.from_preset().restore(noisy)
    part = (slice(90, 350), slice(130, 480))
    gap = np.full((part[0].stop - part[0].start, 8, 3), 255, np.uint8)
    sheet = np.concatenate([noisy[part], gap, restored[part]], axis=1)
    Image.fromarray(sheet).save(
        IMAGES / "before_after.jpg", quality=92, subsampling=0
    )
    gain = psnr_rgb(restored, target) - psnr_rgb(noisy, target)
    print(f"{psnr_rgb(noisy, target):.2f} dB, {gain:+.2f} dB restored")


def photograph(clean, name):
    """The simulated photo, as it is in its file, and its target."""
    noisy, target = CAMERA.benchmark_pair(clean, 0, seed=SEED)
    _save(noisy, name, quality=92)
    return _levels(IMAGES / name), target


def _levels(file):
    return np.asarray(Image.open(file).convert("RGB"))


def _save(values, name, **options):
    levels = np.rint(values * 255).astype(np.uint8)
    Image.fromarray(levels).save(IMAGES / name, **options)


if __name__ == "__main__":
    main()
