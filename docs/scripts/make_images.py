"""Makes the README's pictures: `python docs/scripts/make_images.py`.

The photograph is the official portrait of Grace Hopper by James S. Davis,
United States Navy, in the public domain; matplotlib's sample data carry it.
Noise of sigma 25 is added to it here, and the shipped preset takes it away.
"""

from pathlib import Path

import numpy as np
from matplotlib import cbook
from PIL import Image

import kerasrestore
from kerasrestore.metrics import psnr_rgb
from kerasrestore.tasks import Denoise

IMAGES = Path(__file__).parent.parent / "images"


def main():
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        clean = np.asarray(Image.open(file).convert("RGB"))[:480]
    task = Denoise(25, quantize=True)
    noisy = np.rint(task.degrade_benchmark(clean, 0) * 255).astype(np.uint8)
    restorer = kerasrestore.LiteRTRestorer.from_preset()
    restored = restorer.restore(noisy)
    Image.fromarray(noisy).save(IMAGES / "portrait_noisy.png")
    part = (slice(90, 350), slice(130, 480))
    gap = np.full((part[0].stop - part[0].start, 8, 3), 255, np.uint8)
    sheet = np.concatenate([noisy[part], gap, restored[part]], axis=1)
    Image.fromarray(sheet).save(
        IMAGES / "before_after.jpg", quality=92, subsampling=0
    )
    print(f"{psnr_rgb(noisy, clean):.2f} -> {psnr_rgb(restored, clean):.2f} dB")


if __name__ == "__main__":
    main()
