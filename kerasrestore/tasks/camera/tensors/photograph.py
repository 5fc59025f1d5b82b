"""Sensor noise and a camera's processing, for a batch of images."""

import math

import numpy as np
from keras import ops

from kerasrestore.tasks.camera import sensor
from kerasrestore.tasks.camera.bayer import PHASES
from kerasrestore.tasks.camera.raw_pipeline import (
    ENTRIES,
    SRGB_TO_XYZ,
    XYZ_TO_CAMERA,
    tables,
)
from kerasrestore.tasks.camera.tensors.draws import LARGEST, canvas_side
from kerasrestore.tasks.camera.tensors.filters import (
    blur,
    luma,
    mean,
    mirrored,
    resized,
    rms,
)

# What a channel is taken from, as in `_estimates`.
SAMPLE, GREEN, ROW, COLUMN, OPPOSITE = range(5)


def photograph(images, draws, shot, denoised):
    """`kerasrestore.tasks.camera.sensor.photograph` as tensor operations.

    Args:
        images: float32 tensor `(batch, side, side, 3)` in [0, 1].
        draws: `Draws`.
        shot, denoised: as there.

    Returns:
        `(noisy, clean)`, tensors of the same shape.
    """
    side, size = images.shape[1], canvas_side(images.shape[1])
    whole = ops.ones_like(images[:, :1, :1, :1]) * side
    # All photographs are simulated on a canvas for the largest size.
    factor = draws.uniform("factor", 1.0, LARGEST)
    shrunk = draws.happens("shrunk", sensor.RESIZE_SHARE)
    sides = ops.where(shrunk, ops.round(side * factor), whole)
    canvas = ops.clip(resized(images, whole, sides, size), 0.0, 1.0)
    denoising = draws.happens("denoising", denoised)
    noisy, opposite, clean = _develop(canvas, sides, draws, shot, denoising)
    shifted = _shifted(clean, noisy, opposite, sides)
    kept = clean + _denoised_in_camera(noisy - shifted, sides, draws)
    noisy = ops.where(denoising, kept, noisy)
    clean = ops.where(denoising, clean, shifted)
    noisy, clean = _filtered(noisy, clean, sides, draws)
    noisy, clean = (
        resized(photo, sides, whole, side) for photo in (noisy, clean)
    )
    photos = (noisy, 2.0 * clean - noisy, clean)
    noisy, opposite, clean = (ops.clip(photo, 0.0, 1.0) for photo in photos)
    shifted = _shifted(clean, noisy, opposite, whole)
    return noisy, ops.clip(shifted, 0.0, 1.0)


def _shifted(clean, noisy, opposite, sides):
    shift = (noisy + opposite) / 2.0 - clean
    return clean + blur(shift, sides, sensor.SHIFT_BLUR, sensor.SHIFT_BLUR)


def _develop(canvas, sides, draws, shot, denoising):
    """The photograph with noise, with its negative, and without noise."""
    pipeline = _Pipeline(draws)
    linear = pipeline.unprocess(canvas)
    kind = draws.choice("demosaic", sensor.DEMOSAIC_SHARES)
    phase = draws.choice("phase", (0.25,) * len(PHASES))[:, 0, 0, 0]
    cells = ops.take(_cells(), phase, axis=0)
    for axis in (1, 2):
        cells = ops.take(cells, np.arange(canvas.shape[1]) % 2, axis=axis)
    samples = ops.sum(linear * cells[..., SAMPLE], axis=-1, keepdims=True)
    full, mosaic = (
        _sensor_noise(raw, sides, draws, shot, denoising)
        for raw in (linear, samples)
    )
    photos = []
    for sign in (1.0, -1.0, 0.0):
        raw = ops.clip(samples + sign * mosaic, 0.0, 1.0)
        malvar, bilinear = _demosaiced(raw, sides, cells)
        raw = ops.clip(linear + sign * full, 0.0, 1.0)
        raw = ops.where(kind == 0, malvar, ops.where(kind == 1, bilinear, raw))
        photos.append(pipeline.develop(raw))
    return photos


def _sensor_noise(samples, sides, draws, shot, denoising):
    low, high = map(math.log, shot)
    # Cameras denoise their noisier photographs.
    low = ops.where(denoising, (low + high) / 2, low)
    log_shot = draws.uniform("shot", low, high)
    log_read = 2.18 * log_shot + 1.2 + draws.normal("read", 0.0, 0.26)
    variance = samples * ops.exp(log_shot) + ops.exp(log_read)
    deviation = ops.sqrt(variance)
    noise = deviation * draws.drawn["noise"][..., : samples.shape[-1]]
    share = draws.uniform("row_share", 0.1, 0.4)
    rows = share * mean(deviation, sides) * draws.drawn["row_noise"]
    here = draws.happens("rows", sensor.ROW_NOISE_SHARE)
    return noise + ops.where(here, rows, 0.0)


def _denoised_in_camera(noise, sides, draws):
    brightness = luma(noise)
    chroma = noise - brightness
    brightness = blur(
        brightness, sides, draws.uniform("luma_blur", 0.4, 1.2), 1.2
    )
    low, high = math.log(8.0), math.log(28.0)
    factor = ops.exp(draws.uniform("blotches", low, high))
    small = ops.maximum(4.0, ops.round(sides / factor))
    size = noise.shape[1]
    least = max(4, size // 8 + 1)
    chroma = resized(resized(chroma, sides, small, least), small, sides, size)
    level = ops.exp(draws.normal("chroma_level", math.log(4.0 / 255), 0.6))
    ratio = draws.uniform("ratio", 0.3, 1.2)
    return _weakened(brightness, sides, level) + _weakened(
        chroma, sides, level * ratio
    )


def _weakened(noise, sides, level):
    share = level / ops.maximum(rms(noise, sides), 1e-6)
    return noise * ops.minimum(1.0, share)


def _filtered(noisy, clean, sides, draws):
    filtered = draws.happens("filtered", sensor.FILTER_SHARE)
    blurred = draws.happens("blurred", 0.5)
    sigma = ops.where(
        blurred,
        draws.uniform("filter_sigma", 0.4, 1.2),
        draws.uniform("filter_sigma", 0.6, 1.5),
    )
    amount = draws.uniform("amount", 0.2, 1.0)
    for photo in (noisy, clean):
        smooth = blur(photo, sides, sigma, 1.5)
        sharp = ops.clip(photo + amount * (photo - smooth), 0.0, 1.0)
        changed = ops.where(blurred, smooth, sharp)
        yield ops.where(filtered, changed, photo)


class _Pipeline:
    """`RawPipeline` for a batch."""

    def __init__(self, draws):
        weights = [draws.random(f"weight{n}")[..., 0] for n in range(4)]
        total = sum(weights)
        to_camera = sum(
            weight / total * (matrix @ SRGB_TO_XYZ).astype(np.float32)
            for weight, matrix in zip(weights, XYZ_TO_CAMERA, strict=True)
        )
        to_camera = to_camera / ops.sum(to_camera, axis=2, keepdims=True)
        self.to_camera = ops.transpose(to_camera, (0, 2, 1))
        self.from_camera = _inverse(self.to_camera)
        brightness = 1.0 / draws.normal("brightness", 0.8, 0.1)
        red = draws.uniform("red", 1.9, 2.4)
        gains = (red, ops.ones_like(red), draws.uniform("blue", 1.5, 1.9))
        self.gains = ops.concatenate(gains, axis=-1) * brightness
        self.first = ops.where(draws.happens("curved", 0.7), ENTRIES, 0)
        plain, curved = tables(False), tables(True)
        self.inverse, self.forward = (
            np.concatenate([plain[n], curved[n]]) for n in range(2)
        )

    def unprocess(self, images):
        linear = _mixed(self._looked_up(self.inverse, images), self.to_camera)
        gray = ops.mean(linear, axis=-1, keepdims=True)
        mask = ops.square(ops.maximum(gray - 0.9, 0.0) * 10.0)
        safe = mask + (1.0 - mask) / self.gains
        safe = ops.maximum(safe, 1.0 / self.gains)
        return ops.clip(linear * safe, 0.0, 1.0)

    def develop(self, linear):
        balanced = ops.clip(linear * self.gains, 0.0, 1.0)
        colours = ops.clip(_mixed(balanced, self.from_camera), 0.0, 1.0)
        return self._looked_up(self.forward, ops.sqrt(colours))

    def _looked_up(self, table, values):
        entries = ops.cast(values * (ENTRIES - 1.0) + 0.5, "int32")
        return ops.take(table, entries + ops.cast(self.first, "int32"))


def _mixed(images, matrix):
    """Products of the channels with a matrix for each image."""
    return sum(
        images[..., c : c + 1] * matrix[:, None, c : c + 1] for c in range(3)
    )


def _inverse(matrix):
    rows = [matrix[:, n] for n in range(3)]
    columns = [ops.cross(rows[n - 2], rows[n - 1]) for n in range(3)]
    determinant = ops.sum(rows[0] * columns[0], axis=-1)[:, None, None]
    return ops.stack(columns, axis=2) / determinant


def _cells():
    """What each channel is taken from, `(phase, 2, 2, channel, source)`."""
    cells = np.zeros((len(PHASES), 4, 3, 5), np.float32)
    for number, phase in enumerate(PHASES):
        for place, channel in enumerate(phase):
            cells[number, place, channel, SAMPLE] = 1
            if channel == 1:
                cells[number, place, phase[place ^ 1], ROW] = 1
                cells[number, place, phase[place ^ 2], COLUMN] = 1
            else:
                cells[number, place, 1, GREEN] = 1
                cells[number, place, 2 - channel, OPPOSITE] = 1
    return cells.reshape(len(PHASES), 2, 2, 3, 5)


def _demosaiced(samples, sides, cells):
    """`demosaic_malvar` and `demosaic_bilinear` of a batch."""
    size = samples.shape[1]
    padded = mirrored(samples, sides, 2)

    def at(down, right):
        return padded[:, 2 + down : 2 + down + size, 2 + right :][:, :, :size]

    row, column = at(0, -1) + at(0, 1), at(-1, 0) + at(1, 0)
    cross = row + column
    diagonal = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    far_row, far_column = at(0, -2) + at(0, 2), at(-2, 0) + at(2, 0)
    far = far_row + far_column
    green = (4.0 * samples + 2.0 * cross - far) / 8.0
    near = 5.0 * samples - diagonal
    along_row = (near + 4.0 * row - far_row + far_column / 2.0) / 8.0
    along_column = (near + 4.0 * column - far_column + far_row / 2.0) / 8.0
    opposite = (6.0 * samples + 2.0 * diagonal - 1.5 * far) / 8.0
    for estimates in (
        (samples, green, along_row, along_column, opposite),
        (samples, cross / 4.0, row / 2.0, column / 2.0, diagonal / 4.0),
    ):
        stacked = ops.stack(estimates, axis=-1)
        yield ops.sum(stacked * cells, axis=-1)
