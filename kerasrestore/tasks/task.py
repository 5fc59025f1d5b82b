"""What all tasks have in common."""

import numpy as np

from kerasrestore.data.images import load_image, rgb_to_gray
from kerasrestore.metrics import (
    psnr_gray,
    psnr_rgb,
    psnr_y,
    ssim_gray,
    ssim_rgb,
    ssim_y,
)


class Task:
    """How low-quality images are made from clean ones, and how restored ones
    are scored.

    A subclass defines `_degrade_patch(clean, rng)` and `_degrade_image(clean,
    rng)`, `setting` and `get_config()`, and sets the attributes below where
    they differ. The package's docstring has the contract in words.

    Attributes:
        name: name of the task, by which models and presets know it.
        scale: factor from the degraded to the clean image's sides.
        block: a crop that begins on multiples of it is degraded as the same
            place of the whole image is, but for its border.
        halo: width of that border in clean pixels.
        shave: pixels that scores leave out on each side.
        scored_on_y: whether colour images are scored on their Y.
        to_gray: function that makes gray ground truth of colour files.
    """

    name = None
    scale = 1
    block = 1
    halo = 0
    shave = 0
    scored_on_y = False
    to_gray = staticmethod(rgb_to_gray)

    @property
    def setting(self):
        """The strength that tables name it by, or `None` if it has none."""
        return None

    def strength(self, degraded, target):
        """What a model with a noise level as its input is given.

        Args:
            degraded: from `benchmark_pair`.
            target: likewise.

        Returns:
            The setting; tasks without one measure it.
        """
        return self.setting

    @property
    def label(self):
        """Name of the setting in logs and tables, such as `"sigma25"`."""
        return self.name

    def validation_tasks(self):
        """Tasks of one setting each at which a model is validated."""
        return (self,)

    def load_clean(self, path, channels=3):
        """Reads a ground-truth image as the task's tables take it.

        Args:
            path: image file.
            channels: 3 for colour, 1 for gray.

        Returns:
            uint8 array `(H, W, channels)`.

        Raises:
            ValueError: as `load_image` and `ground_truth` do.
        """
        return self.ground_truth(load_image(path, channels, self.to_gray))

    def ground_truth(self, image):
        """What a degraded image is compared with.

        Args:
            image: uint8 array `(H, W)` or `(H, W, C)`.

        Returns:
            The image, cropped at the right and bottom to a multiple of the
            scale.

        Raises:
            ValueError: if nothing is left.
        """
        height, width = (
            side // self.modulus * self.modulus for side in image.shape[:2]
        )
        if not height or not width:
            raise ValueError(
                f"An image of {image.shape[1]}x{image.shape[0]} is smaller "
                f"than the scale {self.modulus}; remove it."
            )
        return image[:height, :width]

    @property
    def modulus(self):
        """Number that the sides of ground-truth images are multiples of."""
        return self.scale

    def degrade(self, clean, rng):
        """Degrades training patches.

        Args:
            clean: float32 array `(H, W, C)` or `(N, H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            The degraded patches, float32, smaller by `scale`; and the
            strength that was drawn, a number or one for each patch, float32.

        Raises:
            ValueError: if the shape is another one.
        """
        if np.ndim(clean) == 4:
            pairs = [self.degrade(patch, rng) for patch in clean]
            degraded, strength = zip(*pairs, strict=True)
            return np.stack(degraded), np.array(strength, np.float32)
        if np.ndim(clean) != 3:
            raise ValueError(
                "Patches have the shape (H, W, C) or (N, H, W, C), got "
                f"{np.shape(clean)}; add the axes that are missing."
            )
        self._check_sides(clean)
        return self._degrade_patch(clean, rng)

    def training_pair(self, clean, rng):
        """A degraded training patch and what it is to be restored to.

        That is the clean patch, but for degradations that change the image
        in ways that are not to be undone.

        Args:
            clean: float32 array `(H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            `(degraded, target, strength)`: two float32 arrays and a float32
            number, as `degrade` gives it.

        Raises:
            ValueError: as `degrade` does.
        """
        degraded, strength = self.degrade(clean, rng)
        return degraded, clean, strength

    def benchmark_pair(self, clean, index, seed=0):
        """A degraded benchmark image and what it is scored against.

        Args:
            clean: as in `degrade_benchmark`.
            index: likewise.
            seed: likewise.

        Returns:
            `(degraded, target)`: what `degrade_benchmark` gives, and a uint8
            array, the clean image unless the degradation changes it in ways
            that are not to be undone.

        Raises:
            ValueError: as `degrade_benchmark` does.
        """
        return self.degrade_benchmark(clean, index, seed), clean

    def degrade_benchmark(self, clean, index, seed=0):
        """The degraded version of a benchmark image, the same everywhere.

        Args:
            clean: uint8 array `(H, W)` or `(H, W, C)`, from `ground_truth`.
            index: position of the image in its set, files sorted by name.
            seed: first word of the seed of what is drawn.

        Returns:
            float32 array on the [0, 1] scale, smaller by `scale`.

        Raises:
            ValueError: if the task has a range of settings, or the image is
                no uint8 image or has sides that do not fit.
        """
        clean = self._checked(clean)
        return self._degrade_image(clean, np.random.default_rng([seed, index]))

    def degrade_tensors(self, clean, seed=None):
        """`degrade` with `keras.ops`, for batches on an accelerator.

        Args:
            clean: tensor `(N, H, W, C)` in [0, 1].
            seed: `keras.random.SeedGenerator`, integer or `None`.

        Returns:
            The degraded batch and the strengths `(N,)`, float32 tensors.

        Raises:
            ValueError: if the task cannot be done with tensor operations.
        """
        raise ValueError(
            f"The task {self.name} cannot be done with tensor operations; "
            "degrade NumPy patches instead."
        )

    def protocol(self, channels):
        """Name of what is compared: `"rgb"`, `"gray"`, `"y_shave2"`."""
        kind = "gray" if channels == 1 else "y" if self.scored_on_y else "rgb"
        return f"{kind}_shave{self.shave}" if self.shave else kind

    def score(self, restored, clean, quantize=True):
        """PSNR and SSIM by the protocol of the task's tables.

        Args:
            restored: uint8 array, or floats on the [0, 1] scale, `(H, W)`,
                `(H, W, 1)` or `(H, W, 3)`.
            clean: uint8 array of the same shape, from `ground_truth`.
            quantize: whether floats are clipped and rounded to 8 bits first,
                as all tables do with restored images. Tables give the noisy
                input unclipped and not rounded.

        Returns:
            Dictionary with `"psnr"` in decibels and `"ssim"`.

        Raises:
            ValueError: if the images do not fit each other, or are neither
                uint8 nor float.

        Example:
        >>> import numpy as np
        >>> from kerasrestore.tasks import Denoise
        >>> clean = np.full((16, 16), 100, "uint8")
        >>> figures = Denoise(25).score(clean + np.uint8(5), clean)
        >>> round(figures["psnr"], 2)
        34.15
        """
        restored, clean = np.asarray(restored), np.asarray(clean)
        if clean.dtype != np.uint8:
            raise ValueError(
                f"The ground truth is a uint8 image, got {clean.dtype}."
            )
        if np.issubdtype(restored.dtype, np.floating):
            restored = restored * np.float32(255)
            if quantize:
                restored = np.rint(restored.clip(0, 255))
        elif restored.dtype != np.uint8:
            raise ValueError(
                "A restored image is uint8, or float on the [0, 1] scale, got "
                f"{restored.dtype}; convert it first."
            )
        if clean.ndim == 2 or clean.shape[-1] == 1:
            psnr, ssim = psnr_gray, ssim_gray
        elif self.scored_on_y:
            psnr, ssim = psnr_y, ssim_y
        else:
            psnr, ssim = psnr_rgb, ssim_rgb
        return {
            "psnr": psnr(restored, clean, self.shave),
            "ssim": ssim(restored, clean, self.shave),
        }

    def _checked(self, clean):
        clean = np.asarray(clean)
        if clean.dtype != np.uint8 or clean.ndim not in (2, 3):
            raise ValueError(
                "Benchmark images are uint8 of shape (H, W) or (H, W, C), got "
                f"{clean.dtype} of shape {clean.shape}; convert it first."
            )
        self._check_sides(clean)
        return clean

    def _check_sides(self, clean):
        height, width = clean.shape[:2]
        if height % self.modulus or width % self.modulus:
            raise ValueError(
                f"Sides are multiples of {self.modulus}, got "
                f"{width}x{height}; crop the image with ground_truth."
            )
