"""Validation PSNR of denoisers while they train."""

import numpy as np

from kerasrestore.data import list_images, load_image
from kerasrestore.tasks import Denoise


class DenoiseValidation:
    """PSNR of a denoiser on the centres of the images of a folder.

    The noise is that of the benchmark protocol, the output is clipped and
    rounded to 8 bits.

    Args:
        folder: folder of images that are not trained on.
        channels: 3 for colour, 1 for gray.
        sigmas: noise levels, 0..255 scale.
        crop: side of the centre crop in pixels; smaller images are taken
            whole, cut to the model's size multiple.
        batch_size: crops of one size restored at a time.

    Call arguments:
        model: a `Restorer`.

    Returns:
        Dictionary with the mean PSNR per noise level, `"psnr_sigma25"` and
        so on, and `"psnr"`, the mean over the levels.

    Raises:
        ValueError: if the folder holds no image, or one that is unreadable or
            smaller than the model's size multiple.
    """

    def __init__(
        self, folder, channels=3, sigmas=(15, 25, 50), crop=256, batch_size=4
    ):
        self.sigmas = tuple(sigmas)
        self.crop = crop
        self.batch_size = batch_size
        self.files = list_images(folder)
        self.images = [load_image(path, channels) for path in self.files]

    def __call__(self, model):
        groups = {}
        for index, image in enumerate(self.images):
            clean = self._centre(image, model.size_multiple)
            if not clean.size:
                raise ValueError(
                    f"{self.files[index]} is {image.shape[1]}x"
                    f"{image.shape[0]}, smaller than the model's size "
                    f"multiple of {model.size_multiple}; remove it."
                )
            groups.setdefault(clean.shape, []).append((index, clean))
        figures = {}
        for sigma in self.sigmas:
            task = Denoise(sigma)
            values = []
            for group in groups.values():
                for start in range(0, len(group), self.batch_size):
                    batch = group[start : start + self.batch_size]
                    values += self._psnr(model, task, sigma, batch)
            figures[f"psnr_sigma{sigma:g}"] = float(np.mean(values))
        return {"psnr": float(np.mean(list(figures.values()))), **figures}

    def _centre(self, image, multiple):
        height, width = (
            min(self.crop, side) // multiple * multiple
            for side in image.shape[:2]
        )
        top = (image.shape[0] - height) // 2
        left = (image.shape[1] - width) // 2
        return image[top : top + height, left : left + width]

    @staticmethod
    def _psnr(model, task, sigma, batch):
        inputs = np.stack(
            [task.degrade_benchmark(clean, index) for index, clean in batch]
        )
        if model.sigma_input:
            level = np.full((len(batch), 1), sigma, np.float32)
            inputs = {"image": inputs, "sigma": level}
        restored = np.asarray(model.predict_on_batch(inputs), np.float64)
        restored = np.rint(np.clip(restored, 0.0, 1.0) * 255.0)
        clean = np.stack([clean for _, clean in batch])
        error = np.mean((restored - clean) ** 2, axis=(1, 2, 3))
        return list(10.0 * np.log10(255.0**2 / np.maximum(error, 1e-12)))
