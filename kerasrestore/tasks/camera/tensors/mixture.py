"""The mixture of all kinds of noise, for a batch of images."""

import numpy as np
from keras import ops

from kerasrestore.ops.jpeg import jpeg
from kerasrestore.tasks.camera import photo_file
from kerasrestore.tasks.camera.tensors.draws import Draws
from kerasrestore.tasks.camera.tensors.filters import blur, luma, rms
from kerasrestore.tasks.camera.tensors.photograph import photograph


def noisy_pair(task, clean, drawn):
    """A batch with the noise of a `CameraNoise`, and its targets.

    Every kind of noise is computed for every image, and one is selected.

    Args:
        task: `CameraNoise`.
        clean: float32 tensor `(batch, side, side, channels)` in [0, 1].
        drawn: from `draw`.

    Returns:
        As `Task.pair_tensors`.
    """
    draws = Draws(drawn)
    shares = task.shares
    kind = draws.choice("kind", tuple(shares.values()))
    made = {
        "camera": lambda: _photograph(task, clean, draws),
        "gaussian": lambda: (_gaussian_noise(clean, draws, task.sigma), clean),
        "film": lambda: (_film_noise(clean, draws, task.sigma), clean),
        "clean": lambda: (clean, clean),
    }
    noisy = target = clean
    for place, name in enumerate(shares):
        if shares[name]:
            here = kind == place
            one, its_target = made[name]()
            noisy = ops.where(here, one, noisy)
            target = ops.where(here, its_target, target)
    if clean.shape[-1] == 3:
        gray = draws.happens("gray_photo", photo_file.MONOCHROME_SHARE)
        one, its_target = _monochrome(noisy, target, draws)
        noisy = ops.where(gray, one, noisy)
        target = ops.where(gray, its_target, target)
    camera = kind == _place(shares, "camera")
    to_8_bits = draws.happens("to_8_bits", photo_file.ROUNDED_SHARE)
    to_8_bits = ops.logical_or(to_8_bits, camera)
    as_jpeg = draws.happens("as_jpeg", task.jpeg)
    rounded = ops.round(ops.clip(noisy, 0.0, 1.0) * 255.0) / 255.0
    if task.jpeg:
        compressed = _jpeg_round_trip(rounded, draws, task.quality)
        rounded = ops.where(as_jpeg, compressed, rounded)
    noisy = ops.where(to_8_bits, rounded, noisy)
    untouched = kind == _place(shares, "clean")
    noisy = ops.where(untouched, clean, noisy)
    target = ops.where(untouched, clean, target)
    strength = ops.sqrt(ops.mean(ops.square(noisy - target), axis=(1, 2, 3)))
    return noisy, target, 255.0 * strength


def _place(shares, kind):
    return list(shares).index(kind) if kind in shares else -1


def _photograph(task, clean, draws):
    if clean.shape[-1] == 3:
        return photograph(clean, draws, task.shot, task.denoised)
    colour = ops.repeat(clean, 3, axis=-1)
    photos = photograph(colour, draws, task.shot, task.denoised)
    return tuple(map(luma, photos))


def _pixels(clean, draws):
    """Standard normal numbers of the shape of the images."""
    side, channels = clean.shape[1], clean.shape[3]
    return draws.drawn["noise"][:, :side, :side, :channels]


def _gaussian_noise(clean, draws, sigma):
    level = draws.uniform("level", *sigma) / 255.0
    return clean + level * _pixels(clean, draws)


def _film_noise(clean, draws, sigma):
    plain = _pixels(clean, draws)
    kind = draws.choice("film_kind", (0.5, 0.15, 0.2, 0.15))
    noise = ops.where(kind == 0, plain[..., :1], plain)
    if clean.shape[-1] == 3:
        coloured = plain[..., :1] + 0.2 * plain
        noise = ops.where(kind == 1, coloured, noise)
        mix = draws.drawn["mix"]
        mix = mix / ops.sqrt(ops.sum(ops.square(mix), axis=1, keepdims=True))
        mixed = sum(
            plain[..., c : c + 1] * mix[:, None, c : c + 1] for c in range(3)
        )
        noise = ops.where(kind == 2, mixed, noise)
    noise = ops.where(kind == 3, plain * ops.sqrt(clean + 0.01), noise)
    sides = ops.ones_like(clean[:, :1, :1, :1]) * clean.shape[1]
    grain = blur(noise, sides, draws.uniform("film_blur", 0.5, 2.0), 2.0)
    noise = ops.where(draws.happens("film_blurred", 0.5), grain, noise)
    low, high = sigma
    level = (low + (high - low) * draws.random("level") ** 1.5) / 255.0
    return clean + noise * (level / ops.maximum(rms(noise, sides), 1e-6))


def _monochrome(noisy, clean, draws):
    toned = draws.happens("toned", 0.4)
    low, high = draws.triple("low", 0.0, 0.1), draws.triple("high", 0.7, 1.2)
    power = draws.triple("power", 0.8, 1.25)
    result = []
    for photo in (noisy, clean):
        gray = luma(photo)
        tone = ops.sign(gray) * ops.abs(gray) ** power
        result.append(ops.where(toned, low + (high - low) * tone, gray))
    noisy, clean = result
    return noisy, ops.clip(clean, 0.0, 1.0)


def _jpeg_round_trip(images, draws, quality):
    """Compressed once or twice, with a shifted grid of blocks."""
    twice = draws.happens("twice", photo_file.TWICE_SHARE)
    for number in range(2):
        again = _compressed(images, draws, quality, number)
        images = again if not number else ops.where(twice, again, images)
    return images


def _compressed(images, draws, quality, number):
    low, high = quality
    place = draws.choice(f"range{number}", photo_file.QUALITY_SHARES)
    lowest = ops.take(
        np.float32([round(low + s * (high - low)) for s in photo_file.RANGES]),
        place,
    )
    drawn = draws.integers(f"quality{number}", lowest, high + 1.0)
    kind = draws.choice(f"subsampling{number}", photo_file.SUBSAMPLING_SHARES)
    block = float(photo_file.BLOCK)
    top, left = (
        ops.cast(draws.integers(f"{name}{number}", 0.0, block), "int32")
        for name in ("top", "left")
    )
    # The last row and column are repeated, as JPEG does.
    shifted = _moved(images, top, left)
    coded = jpeg(shifted, drawn[:, 0, 0, 0], kind[:, 0, 0, 0])
    coded = _moved(coded, -top, -left)
    row = np.arange(images.shape[1], dtype=np.int32).reshape(1, -1, 1, 1)
    column = np.swapaxes(row, 1, 2)
    reached = ops.logical_and(row >= top, column >= left)
    return ops.where(reached, coded, images)


def _moved(images, up, left):
    """Images moved up and to the left, with their border repeated."""
    last = images.shape[1] - 1
    along = np.arange(last + 1, dtype=np.int32)
    rows = ops.clip(along.reshape(1, -1, 1, 1) + up, 0, last)
    columns = ops.clip(along.reshape(1, 1, -1, 1) + left, 0, last)
    images = ops.take_along_axis(images, rows, axis=1)
    return ops.take_along_axis(images, columns, axis=2)
