"""Restoration of images of any size and kind, whatever runs the network."""

import math

import numpy as np

from kerasrestore.imaging.mosaic import PATTERNS, mosaic_input
from kerasrestore.imaging.resizing import resized
from kerasrestore.inference.image_array import check_image
from kerasrestore.inference.noise_map import check_map
from kerasrestore.inference.progress import ticker
from kerasrestore.inference.restore_options import check_options
from kerasrestore.inference.restored_bands import BandReader, restored_bands
from kerasrestore.inference.tile_choice import (
    choose_tiles,
    forecast_bytes,
    round_up,
)
from kerasrestore.inference.transparency import fill_hidden
from kerasrestore.inference.whole_photo import is_photo, restore_whole_photo


class ImageRestorer:
    """Mixin that restores images of any size and kind with a network.

    A subclass describes its network by attributes and runs one tile in
    `restore_tile`; `restore` does the rest.

    Attributes:
        task: name of the task, `"denoise"` for example.
        channels: 3 for colour, 1 for gray.
        scale: upscaling factor, 1 except for super-resolution.
        size_multiple: height and width of a tile are multiples of it.
        receptive_field: side in pixels of the square of input that one
            output pixel depends on; `None` if that is the whole image.
        sigma_input: whether the network takes the noise level.
        largest_tile: largest side of the tiles that `restore` chooses; an
            image of up to twice that is processed whole if memory allows.
        fixed_tile: `(height, width)` if the network only runs at one size.
        name: name of the restorer in messages.
    """

    task = None
    channels = 3
    scale = 1
    size_multiple = 1
    receptive_field = None
    sigma_input = False
    # Larger tiles save little context and make progress coarser.
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
    def tile_multiple(self):
        """What tiles and their context are multiples of: `size_multiple`,
        and for mosaics the 2x2 cell too."""
        return math.lcm(self.size_multiple, 2 if self.task == "demosaic" else 1)

    @property
    def halo(self):
        """Context in pixels that makes tiles exact: the receptive radius,
        rounded up to `tile_multiple`; `None` if no context is exact."""
        if self.receptive_field is None:
            return None
        return round_up(self.receptive_field // 2, self.tile_multiple)

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
        white_level=None,
        pattern=None,
    ):
        """Restores an image of any size.

        The image is padded by reflection and split into overlapping tiles;
        with the default overlap, every pixel is the same as if the network
        had seen the whole image at once. Global attention is limited to a
        tile, with tiles of up to `largest_tile`.

        Args:
            image: path or binary file, `Photo`, PIL image, or array
                `(H, W)`, `(H, W, C)` or `(N, H, W, C)` of uint8, uint16 or
                floats. C is 1 or 3, or with an alpha channel, which comes
                last, 2 or 4. Floats have [0, 1] as the range of clean images;
                noise may go beyond.
                A colour model sees a gray image as three equal channels, and
                its three output channels are averaged; a gray model restores
                the channels of a colour image one by one. Alpha is kept, or
                upscaled bicubically. Colours of fully transparent pixels do
                not influence visible ones; they stay unchanged, or in an
                upscaled image continue the visible ones.
            sigma: noise level on the 0..255 scale, for models that take it:
                one for all images, one for each, or for an image a map
                `(H, W)`. With a map, every pixel is restored at its own
                level: up to 8 distinct levels are run exactly; for more, the
                network runs at levels at most 5 apart and pixels are
                interpolated between them. A tile is run once per level in it.
            strength: 0 leaves the image unchanged, 1 is the model's output,
                up to 2 removes more: models with a sigma input are given
                `strength * sigma`; the output of blind ones is blended with
                the input below 1, and with a second pass above.
            tile: `"auto"` (as large as the memory limit and `largest_tile`
                allow), the side of a tile or `(height, width)`, in pixels,
                overlap included; `None` for the whole image at once.
            overlap: context in pixels on each side of a tile; `"auto"` is
                the receptive radius, which is exact, or an eighth of the tile
                where there is none. Less is faster; tiles are then blended
                into each other.
            ensemble: mean over the eight flips and rotations: eight times
                the work for about 0.1 dB.
            memory_limit: memory limit of the process, in bytes or as text
                such as `"2GB"`; tiles are chosen to stay below it.
            progress: `True` for a bar, or a function called as
                `progress(done, total)` in tiles.
            white_level: value of white, 4095 for 12 bits in uint16; 255 or
                65535 by default, and 1 for floats.
            pattern: Bayer pattern of a mosaic at its top left corner, for
                models that demosaic: `"GRBG"` (default), `"RGGB"`, `"GBRG"`
                or `"BGGR"`. The mosaic is an image with one channel, or with
                three that are 0 where a colour was not sampled; the restored
                image has three.

        Returns:
            The restored image, of the kind that was given: an array of the
            same shape (times `scale`) and type, floats not clipped; a PIL
            image; for a file a `Photo`, whose `save` keeps the metadata of
            the file.

        Raises:
            ValueError: if an argument is invalid.
            MemoryError: if even the smallest tile exceeds the limit, or
                memory runs out with it.
        """
        options = {
            "sigma": sigma,
            "strength": strength,
            "tile": tile,
            "overlap": overlap,
            "ensemble": ensemble,
            "memory_limit": memory_limit,
            "progress": progress,
            "white_level": white_level,
            "pattern": pattern,
        }
        if is_photo(image):
            return restore_whole_photo(self, image, options)
        array, layout, white = check_image(image, white_level)
        strength = self.check_options(
            sigma=sigma, strength=strength, pattern=pattern
        )
        if layout == "NHWC":
            levels = [sigma] * len(array) if np.ndim(sigma) == 0 else sigma
            if len(levels) != len(array):
                raise ValueError(
                    f"{len(array)} images take one sigma or {len(array)}, "
                    f"got {len(levels)}."
                )
            return np.stack(
                [
                    self.restore(one, **{**options, "sigma": level})
                    for one, level in zip(array, levels, strict=True)
                ]
            )
        check_map(sigma, array.shape[:2])
        if layout == "HWC" and array.shape[-1] in (2, 4):
            return self._restore_transparent(array, white, options)
        if strength > 1.0 and not self.sigma_input:
            once = self.restore(array, **{**options, "strength": 1.0})
            return self.restore(once, **{**options, "strength": strength - 1.0})
        pixels = array[..., None] if layout == "HW" else array
        top = left = 0
        if self.task == "demosaic":
            if ensemble:
                raise ValueError(
                    "The ensemble rotates images, and a rotated mosaic has "
                    "another pattern; leave ensemble out."
                )
            pixels, (top, left) = mosaic_input(pixels, pattern or PATTERNS[0])
        height, width, channels = pixels.shape
        restored = np.empty(
            (height * self.scale, width * self.scale, channels), array.dtype
        )
        plan, _ = self.plan_tiles(
            pixels.shape, array.dtype, tile=tile, overlap=overlap,
            ensemble=ensemble, memory_limit=memory_limit,
        )  # fmt: skip

        def read(rows, columns):
            return pixels[rows[:, None], columns[None, :]]

        done = 0
        with ticker(progress) as tick:
            for band in restored_bands(
                self, plan, read, array.dtype, white, channels, sigma, strength,
                overlap, ensemble, tick,
            ):  # fmt: skip
                restored[done : done + len(band)] = band
                done += len(band)
        if layout == "HW" and channels == 1:
            return restored[..., 0]
        return restored[top:, left:]

    def restore_bands(
        self,
        bands,
        shape,
        *,
        sigma=None,
        strength=1.0,
        tile="auto",
        overlap="auto",
        ensemble=False,
        memory_limit=None,
        progress=False,
        white_level=None,
    ):
        """Restores an image too large for memory, from top to bottom.

        The pixels are those of `restore` with the same tiles. Besides the
        network's own memory, it holds about two rows of tiles.

        Args:
            bands: iterable of arrays `(rows, W)` or `(rows, W, C)`, C 1 or
                3, of one type and any number of rows, top to bottom.
            shape: `(H, W)` or `(H, W, C)` of the whole image.
            sigma: noise level on the 0..255 scale, a single number.
            strength: as in `restore`.
            tile: as in `restore`.
            overlap: as in `restore`.
            ensemble: as in `restore`.
            memory_limit: as in `restore`.
            progress: as in `restore`.
            white_level: as in `restore`.

        Returns:
            Generator of restored bands with the type and dimensions of the
            input, one for each row of tiles.

        Raises:
            ValueError: if an argument is invalid; from the generator, if a
                band does not fit.
            MemoryError: as in `restore`.

        Example:
        >>> from kerasrestore import LiteRTRestorer
        >>> restorer = LiteRTRestorer.from_preset()
        >>> rows = (np.full((50, 60, 3), 99, "uint8") for _ in range(4))
        >>> sum(map(len, restorer.restore_bands(rows, (200, 60, 3))))
        200
        """
        strength = self.check_options(sigma=sigma, strength=strength)
        if self.task == "demosaic":
            raise ValueError(
                f"{self.name} takes no mosaics in bands; give the whole image "
                "to restore."
            )
        if np.ndim(sigma) != 0:
            raise ValueError(
                "Bands are restored with one sigma, got an array of shape "
                f"{np.shape(sigma)}; give a number."
            )
        if len(shape) not in (2, 3) or tuple(shape[2:]) not in (
            (), (1,), (3,)
        ):  # fmt: skip
            raise ValueError(
                "shape must be (H, W) or (H, W, C) of the whole image, with C "
                f"1 or 3, got {tuple(shape)}."
            )
        height, width = shape[:2]
        channels = shape[2] if len(shape) == 3 else 1
        options = {
            "tile": tile,
            "overlap": overlap,
            "ensemble": ensemble,
            "memory_limit": memory_limit,
            "progress": progress,
            "white_level": white_level,
        }
        if strength > 1.0 and not self.sigma_input:
            once = self.restore_bands(
                bands, shape, **{**options, "progress": False}
            )
            return self.restore_bands(
                once, shape, strength=strength - 1.0, **options
            )
        plan, _ = self.plan_tiles(
            (height, width, channels), banded=True, tile=tile, overlap=overlap,
            ensemble=ensemble, memory_limit=memory_limit,
        )  # fmt: skip

        def restored():
            reader = BandReader(bands, shape, plan, white_level)
            with ticker(progress) as tick:
                for band in restored_bands(
                    self, plan, reader.read, reader.dtype, reader.white,
                    channels, sigma, strength, overlap, ensemble, tick,
                ):  # fmt: skip
                    yield band if len(shape) == 3 else band[..., 0]
            reader.finish()

        return restored()

    def _restore_transparent(self, pixels, white, options):
        colours, alpha = pixels[..., :-1], pixels[..., -1]
        filled = fill_hidden(colours, alpha, white)
        restored = self.restore(filled, **options)
        if self.scale == 1:
            # Hidden colours are kept: an editor may make them visible again.
            np.copyto(restored, colours, where=(alpha == 0)[..., None])
        alpha = resized(alpha, *restored.shape[:2], clip=True)
        return np.dstack([restored, alpha])

    def check_options(self, *, sigma=None, strength=1.0, pattern=None):
        """Raises ValueError if `restore` would reject these options.

        Args:
            sigma: as in `restore`.
            strength: as in `restore`.
            pattern: as in `restore`.

        Returns:
            The strength as a float.
        """
        return check_options(self, sigma, strength, pattern)

    def plan_tiles(
        self,
        shape,
        dtype=np.float32,
        *,
        tile="auto",
        overlap="auto",
        ensemble=False,
        memory_limit=None,
        banded=False,
    ):
        """Plans the tiles of an image and forecasts the memory they take.

        Args:
            shape: `(H, W, C)` of the image.
            dtype: type of the image.
            tile: as in `restore`.
            overlap: as in `restore`.
            ensemble: as in `restore`.
            memory_limit: as in `restore`.
            banded: whether for `restore_bands` rather than `restore`.

        Returns:
            The `TilePlan`, and bytes beyond the present memory of the process
            with the image.

        Raises:
            ValueError: if an argument does not fit the model.
            MemoryError: if not even the smallest tile fits the limit.
        """
        height, width, channels = shape
        item = np.dtype(dtype).itemsize
        # A row of tiles as floats, and twice in the image's type.
        row = (4 + 2 * item) * self.scale**2
        if banded:
            # Rows that were read, and that are joined with the next band.
            row += 2 * item
        row *= width * channels
        whole = math.prod(shape) * self.scale**2 * item
        whole = 0 if banded else whole
        plan = choose_tiles(
            self, height, width, tile, overlap, memory_limit,
            output_bytes=whole, row_bytes=row, square=bool(ensemble),
        )  # fmt: skip
        return plan, whole + forecast_bytes(
            self, height, plan.tile, overlap, row
        )
