"""What every restorer does with images, whatever runs its network."""

import numbers
from pathlib import Path

import numpy as np

from kerasrestore.inference.tile_choice import choose_tiles, round_up
from kerasrestore.inference.tiling import run_tiles
from kerasrestore.inference.transparency import enlarge_alpha, fill_hidden


class ImageRestorer:
    """Mixin that takes images of any size and kind through a network.

    A class that inherits from it says what its network is by attributes and
    runs one tile in `restore_tile`; `restore` does the rest.

    Attributes:
        task: name of the task, `"denoise"` for example.
        channels: 3 for colour, 1 for gray.
        scale: enlargement, 1 for everything but super-resolution.
        size_multiple: what height and width of a tile are multiples of.
        receptive_field: side in pixels of the square of input that one
            output pixel depends on; `None` if that is the whole image.
        sigma_input: whether the network takes the noise level.
        largest_tile: side of the tiles that `restore` chooses at most; an
            image of up to twice that is taken whole if memory allows.
        fixed_tile: `(height, width)` if the network runs at one size alone.
        name: what messages call the restorer.
    """

    task = None
    channels = 3
    scale = 1
    size_multiple = 1
    receptive_field = None
    sigma_input = False
    # Beyond this side a larger tile saves little context and only coarsens the
    # progress.
    largest_tile = 1024
    fixed_tile = None

    def restore_tile(self, tile, sigma):
        """Runs the network.

        Args:
            tile: float32 `(batch, height, width, channels)`, clean images
                in [0, 1].
            sigma: noise level, 0..255 scale, or `None` for blind networks.

        Returns:
            float32 array `(batch, height * scale, width * scale, channels)`.
        """
        raise NotImplementedError

    def memory_forecast(self, height, width):
        """Bytes that `restore_tile` takes for a tile of that size."""
        raise NotImplementedError

    @property
    def halo(self):
        """Context in pixels that makes tiles exact: the receptive radius,
        rounded up to `size_multiple`; `None` if there is no such size."""
        if self.receptive_field is None:
            return None
        return round_up(self.receptive_field // 2, self.size_multiple)

    def restore(
        self,
        image,
        *,
        sigma=None,
        strength=1.0,
        tile="auto",
        overlap="auto",
        ensemble=False,
        memory_limit=None,
        progress=False,
    ):
        """Restores an image of any size.

        The image is continued by reflection beyond its borders and cut into
        overlapping tiles; with the default overlap every pixel comes out as
        if the network had seen the whole image at once. Attention to all of
        an image is to all of a tile, with tiles of up to `largest_tile`.

        Args:
            image: path, PIL image, or array `(H, W)`, `(H, W, C)` or
                `(N, H, W, C)` of uint8, uint16 or floats. C is 1 or 3, or
                with an alpha channel, which comes last, 2 or 4. Floats have
                [0, 1] as the range of clean images; noise may go beyond.
                A colour model sees a gray image as three equal channels,
                and the mean of the three it gives is the result; a gray
                model restores the channels of a colour image one by one.
                Alpha is kept, or enlarged bicubically. Colours under alpha
                0 have no influence on what is visible; they stay as they
                are, or in an enlarged image continue the visible ones.
            sigma: noise level on the 0..255 scale, for models that take it.
            strength: 0 leaves the image as it is, 1 is the model's answer,
                up to 2 removes more: models with a sigma input are told
                `strength * sigma`; blind ones are blended with the input
                below 1 and blended with a second pass above.
            tile: `"auto"` (as large as the memory limit and `largest_tile`
                allow), the side of a tile or `(height, width)`, in pixels,
                overlap included; `None` for the whole image at once.
            overlap: context in pixels on each side of a tile; `"auto"` is
                the receptive radius, which is exact, or an eighth of the tile
                where there is none. Less is faster; tiles are then faded
                into each other.
            ensemble: mean over the eight flips and rotations: eight times
                the work for about 0.1 dB.
            memory_limit: bytes or text such as `"2GB"` that the process is
                to stay under; the library chooses its tiles by it.
            progress: `True` for a bar, or a function called as
                `progress(done, total)` in tiles.

        Returns:
            The restored image, of the kind that was given: an array of the
            same shape (times `scale`) and type, floats not clipped; a PIL
            image; for a path a PIL image with profile and metadata, or for
            a 16-bit colour file, which Pillow cannot hold, a uint16 array.

        Raises:
            ValueError: if an argument does not fit, in one sentence.
            MemoryError: if even the smallest tile exceeds the limit.
        """
        kind = {
            "sigma": sigma,
            "strength": strength,
            "tile": tile,
            "overlap": overlap,
            "ensemble": ensemble,
            "memory_limit": memory_limit,
            "progress": progress,
        }
        if isinstance(image, (str, Path)) or _is_pil(image):
            return self._restore_photo(image, kind)
        array = np.asarray(image)
        layout = self._check_array(array)
        strength = self.check_options(sigma=sigma, strength=strength)
        if layout == "HWC" and array.shape[-1] in (2, 4):
            return self._restore_transparent(array, kind)
        if strength > 1.0 and not self.sigma_input:
            once = self.restore(array, **{**kind, "strength": 1.0})
            return self.restore(once, **{**kind, "strength": strength - 1.0})
        if layout == "NHWC":
            if np.ndim(sigma) == 0:
                sigma = [sigma] * len(array)
            if len(sigma) != len(array):
                raise ValueError(
                    f"{len(array)} images want one sigma or {len(array)}, "
                    f"got {len(sigma)}."
                )
            return np.stack(
                [
                    self.restore(one, **{**kind, "sigma": level})
                    for one, level in zip(array, sigma, strict=True)
                ]
            )
        if np.ndim(sigma) != 0:
            raise ValueError(
                f"One image wants one sigma, got {sigma!r}; give a number."
            )
        with _ticker(progress) as tick:
            pixels = array[..., None] if layout == "HW" else array
            restored = self._restore_pixels(
                pixels, sigma, strength, tile, overlap, ensemble,
                memory_limit, tick,
            )  # fmt: skip
        return restored[..., 0] if layout == "HW" else restored

    def _restore_photo(self, image, options):
        from dataclasses import replace

        from kerasrestore.inference.photo import (
            photo_from_pil,
            photo_to_pil,
            read_photo,
        )

        photo = photo_from_pil(image) if _is_pil(image) else read_photo(image)
        pixels, alpha = photo.pixels, photo.alpha
        if alpha is None:
            pixels = self.restore(pixels, **options)
        else:
            restored = self.restore(np.dstack([pixels, alpha]), **options)
            gray = pixels.ndim == 2
            pixels = restored[..., 0] if gray else restored[..., :3]
            alpha = restored[..., -1]
        if pixels.dtype == np.uint16 and pixels.ndim == 3:
            return pixels
        return photo_to_pil(replace(photo, pixels=pixels, alpha=alpha))

    def _restore_transparent(self, pixels, options):
        colours, alpha = pixels[..., :-1], pixels[..., -1]
        restored = self.restore(fill_hidden(colours, alpha), **options)
        if self.scale == 1:
            # What is hidden is the owner's, and may be shown again.
            np.copyto(restored, colours, where=(alpha == 0)[..., None])
        return np.dstack([restored, enlarge_alpha(alpha, self.scale)])

    def _check_array(self, array):
        if array.dtype not in (np.uint8, np.uint16) and not (
            np.issubdtype(array.dtype, np.floating)
        ):
            raise ValueError(
                "Images are uint8, uint16 or floats in [0, 1], got "
                f"{array.dtype}; convert with image.astype('uint8')."
            )
        layout = {2: "HW", 3: "HWC", 4: "NHWC"}.get(array.ndim)
        if layout is None or (
            layout != "HW" and array.shape[-1] not in (1, 2, 3, 4)
        ):
            raise ValueError(
                "Images have the shape (H, W), (H, W, C) or (N, H, W, C) "
                f"with C from 1 to 4, got {array.shape}; move channels to "
                "the end."
            )
        if 0 in array.shape:
            raise ValueError(
                f"An image has at least one pixel, got {array.shape}."
            )
        if np.issubdtype(array.dtype, np.floating):
            low, high = float(array.min()), float(array.max())
            # Catches NaN too. Noise takes floats some way beyond [0, 1].
            if not (low >= -16.0 and high <= 16.0):
                raise ValueError(
                    "Float images have [0, 1] as the range of clean pixels, "
                    f"got values from {low:g} to {high:g}; divide by 255 or "
                    "remove what is not a number."
                )
        return layout

    def check_options(self, *, sigma=None, strength=1.0):
        """Raises ValueError if `restore` would refuse these options.

        Args:
            sigma: as in `restore`.
            strength: as in `restore`.

        Returns:
            The strength as a float.
        """
        if not isinstance(strength, numbers.Real) or not (
            0.0 <= strength <= 2.0
        ):
            raise ValueError(
                f"strength is a number from 0 to 2, got {strength!r}."
            )
        if strength != 1.0 and self.scale != 1:
            raise ValueError(
                f"{self.name} enlarges images and has no strength; leave "
                "strength out."
            )
        if self.sigma_input and sigma is None:
            raise ValueError(
                f"{self.name} wants to know the noise level; give sigma, "
                "15 for example, on the 0..255 scale."
            )
        if not self.sigma_input and sigma is not None:
            raise ValueError(
                f"{self.name} finds the noise level itself and takes no "
                "sigma; leave sigma out, or set strength."
            )
        if sigma is not None:
            try:
                levels = np.asarray(sigma, float)
            except (TypeError, ValueError):
                levels = np.array(np.nan)
            if levels.ndim > 1 or not np.all((levels >= 0) & (levels <= 255)):
                raise ValueError(
                    "sigma is a noise level from 0 to 255, one for all images "
                    f"or one for each, got {sigma!r}."
                )
        return float(strength)

    def _restore_pixels(
        self,
        image,
        sigma,
        strength,
        tile,
        overlap,
        ensemble,
        memory_limit,
        tick,
    ):
        height, width, image_channels = image.shape
        shape = (height * self.scale, width * self.scale, image_channels)
        plan = choose_tiles(
            self,
            height, width, tile, overlap, memory_limit,
            output_bytes=int(np.prod(shape)) * image.dtype.itemsize,
            square=bool(ensemble),
        )  # fmt: skip
        whole = {np.dtype("uint8"): 255, np.dtype("uint16"): 65535}.get(
            image.dtype
        )
        output = np.empty(shape, image.dtype)

        def read(rows, columns):
            part = image[rows[:, None], columns[None, :]].astype(np.float32)
            return part if whole is None else part / np.float32(whole)

        if self.sigma_input:
            sigma = np.float32(sigma * strength)

        def run(part):
            restored = self._run_channels(part, sigma, ensemble)
            if self.sigma_input or strength == 1.0:
                return restored
            return part + np.float32(strength) * (restored - part)

        def write(top, band):
            if whole is not None:
                # Half to even in float32: the rule of every runtime.
                band = np.rint(np.clip(band, 0, 1) * np.float32(whole))
            output[top : top + len(band)] = band

        total = len(plan)
        done = 0

        def count():
            nonlocal done
            done += 1
            tick(done, total)

        tick(0, total)
        run_tiles(
            plan, read, run, write, image_channels,
            scale=self.scale, tick=count,
        )  # fmt: skip
        return output

    def _run_channels(self, tile, sigma, ensemble):
        """Fits a tile of 1 or 3 channels to the network and back."""
        channels = tile.shape[-1]
        if channels == self.channels:
            batch = [tile]
        elif channels == 1:
            batch = [np.repeat(tile, 3, axis=-1)]
        else:
            batch = [tile[..., c : c + 1] for c in range(3)]
        restored = [self._run_ensemble(one, sigma, ensemble) for one in batch]
        if channels == self.channels:
            return restored[0]
        if channels == 1:
            return restored[0].mean(axis=-1, keepdims=True)
        return np.concatenate(restored, axis=-1)

    def _run_ensemble(self, tile, sigma, ensemble):
        if not ensemble:
            return np.asarray(self.restore_tile(tile[None], sigma))[0]
        total = 0.0
        for turn in range(4):
            for mirrored in (False, True):
                view = np.rot90(tile, turn)
                view = view[:, ::-1] if mirrored else view
                one = np.asarray(
                    self.restore_tile(np.ascontiguousarray(view)[None], sigma)
                )[0]
                one = one[:, ::-1] if mirrored else one
                total = total + np.rot90(one, -turn)
        return total / np.float32(8)


def _is_pil(image):
    from PIL import Image

    return isinstance(image, Image.Image)


def _ticker(progress):
    """Context manager that gives a function `(done, total)`."""
    import contextlib

    if progress is True:
        from kerasrestore.inference.progress import bar

        return bar("restoring")
    return contextlib.nullcontext(
        progress if callable(progress) else lambda done, total: None
    )
