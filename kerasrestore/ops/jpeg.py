"""JPEG compression and decompression as tensor operations."""

import keras
import numpy as np
from keras import ops

# In the order of Pillow's indices, with the chroma steps (down, right).
SUBSAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}
BLOCK = 8
# ITU-T T.81, tables K.1 and K.2: luma, chroma.
LUMA_TABLE = """
    16 11 10 16  24  40  51  61
    12 12 14 19  26  58  60  55
    14 13 16 24  40  57  69  56
    14 17 22 29  51  87  80  62
    18 22 37 56  68 109 103  77
    24 35 55 64  81 104 113  92
    49 64 78 87 103 121 120 101
    72 92 95 98 112 100 103  99
"""
CHROMA_TABLE = """
    17 18 24 47 99 99 99 99
    18 21 26 66 99 99 99 99
    24 26 56 99 99 99 99 99
    47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
    99 99 99 99 99 99 99 99
"""
# libjpeg's fixed-point constants: sums of 8-bit values are exact in float32.
FIXED = 65536
TO_Y = np.array([19595, 38470, 7471]) / FIXED
TO_CB = np.array([-11059, -21709, 32768]) / FIXED
TO_CR = np.array([32768, -27439, -5329]) / FIXED
CR_TO_R, CB_TO_B = 91881 / FIXED, 116130 / FIXED
CR_TO_G, CB_TO_G = 46802 / FIXED, 22554 / FIXED


# libjpeg's accurate integer DCT of 8 samples, times the square root of 8, with
# 13 fractional bits; the left half, as the right one is its mirror image, with
# the opposite sign in odd rows.
DCT_HALF = """
     8192   8192   8192   8192
    11363   9633   6437   2260
    10703   4433  -4433 -10703
     9633  -2259 -11362  -6436
     8192  -8192  -8192   8192
     6437 -11362   2261   9633
     4433 -10704  10704  -4433
     2260  -6436   9633 -11363
"""


def _dct_matrix():
    left = np.array(DCT_HALF.split(), "float32").reshape(BLOCK, -1) / 8192
    signs = np.resize(np.float32([1, -1]), (BLOCK, 1))
    return np.concatenate([left, signs * left[:, ::-1]], axis=1)


DCT = _dct_matrix()


def jpeg(images, quality, subsampling="4:2:0"):
    """Compresses and decompresses images like libjpeg.

    Performs all steps of the encoder and decoder that change pixels: rounding
    to 8 bits, YCbCr conversion, chroma subsampling, padding to whole blocks,
    DCT and quantization, and their inverses with interpolated ("fancy")
    chroma upsampling. It reproduces the rounding of libjpeg's accurate
    integer DCT, so that nearly all pixels equal those of Pillow's files.

    Gradients are straight-through: rounding counts as the identity. They are
    zero where the input is outside [0, 1] or the output was clipped.

    Matrix products are avoided: accelerators would compute them with less
    precision than quantization needs.

    Args:
        images: tensor `(batch, height, width, 1 or 3)` in [0, 1], gray or
            RGB, of any known height and width.
        quality: 1 to 100 as in libjpeg, a whole number for all images or a
            tensor `(batch,)`, whose values are clipped to this range.
        subsampling: chroma subsampling, `"4:4:4"`, `"4:2:2"` or `"4:2:0"` for
            all images, or a tensor `(batch,)` of Pillow's indices for them,
            0, 1 and 2. Ignored for gray images.

    Returns:
        Tensor of the shape and dtype of `images` with multiples of 1/255,
        computed in float32.

    Raises:
        ValueError: if the images have another shape or unknown height or
            width, or quality or subsampling is out of range.

    Example:
    >>> flat = np.full((1, 8, 16, 3), 100 / 255, "float32")
    >>> np.rint(jpeg(flat, 90) * 255)[0, 0, 0].tolist()
    [100.0, 100.0, 100.0]

    References:
        - ITU-T T.81 (JPEG); ITU-T T.871 (JFIF): colour conversion.
        - libjpeg by the Independent JPEG Group, libjpeg-turbo: quality
          scaling, rounding, padding, chroma.
        - Bengio et al., "Estimating or Propagating Gradients Through
          Stochastic Neurons", 2013: straight-through gradients.
    """
    _check_shape(images)
    _check_settings(quality, subsampling)
    dtype = keras.backend.standardize_dtype(images.dtype)
    levels = _rounded(ops.clip(ops.cast(images, "float32"), 0.0, 1.0) * 255.0)
    if images.shape[-1] == 1:
        levels = _coded(levels, quality_table(LUMA_TABLE, quality))
    else:
        y, chroma = _rgb_to_ycc(levels)
        y = _coded(y, quality_table(LUMA_TABLE, quality))
        table = quality_table(CHROMA_TABLE, quality)
        if isinstance(subsampling, str):
            chroma = _coded_chroma(chroma, table, SUBSAMPLINGS[subsampling])
        else:
            kind = ops.reshape(subsampling, (-1, 1, 1, 1))
            every = [
                _coded_chroma(chroma, table, steps)
                for steps in SUBSAMPLINGS.values()
            ]
            chroma = ops.where(
                kind == 0, every[0], ops.where(kind == 1, every[1], every[2])
            )
        levels = _ycc_to_rgb(y, chroma)
    return ops.cast(levels / 255.0, dtype)


def quality_table(text, quality):
    """Scales a quantization table to a quality, like libjpeg.

    Args:
        text: `LUMA_TABLE` or `CHROMA_TABLE`.
        quality: as in `jpeg`.

    Returns:
        float32 tensor `(1 or batch, 8, 8)` of whole numbers from 1 to 255;
        rows are vertical frequencies.

    Example:
    >>> quality_table(LUMA_TABLE, 75).numpy()[0, 0].tolist()
    [8.0, 6.0, 5.0, 8.0, 12.0, 20.0, 26.0, 31.0]
    """
    base = np.array(text.split(), "float32").reshape(1, BLOCK, BLOCK)
    quality = ops.clip(ops.cast(quality, "float32"), 1.0, 100.0)
    quality = ops.reshape(quality, (-1, 1, 1))
    # All values are whole; the halves protect floor from rounding errors.
    percent = ops.where(
        quality < 50.0, ops.floor(5000.5 / quality), 200.0 - 2.0 * quality
    )
    return ops.clip(ops.floor((base * percent + 50.5) / 100.0), 1.0, 255.0)


def _coded(planes, table):
    """Planes of 8-bit levels after quantization of their DCT coefficients.

    Args:
        planes: tensor `(batch, height, width, planes)`.
        table: tensor `(1 or batch, 8, 8)`.
    """
    height, width = planes.shape[1:3]
    x = _repeat_last(planes, 1, -height % BLOCK)
    x = _repeat_last(x, 2, -width % BLOCK)
    rows, columns, count = (*(n // BLOCK for n in x.shape[1:3]), x.shape[3])
    # Five axes: TensorFlow does not broadcast the tables of images over six.
    x = ops.transpose(x, (0, 3, 1, 2))
    x = ops.reshape(x, (-1, count * rows, BLOCK, columns, BLOCK))
    # The accurate integer DCT keeps two fractional bits between the passes and
    # three after both.
    x = _rounded(_transformed(x - 128.0, 4, DCT), 4.0)
    x = _rounded(_transformed(x, 2, DCT))
    table = table[:, None, :, None, :]
    x = _quantized(x, table * 8.0) * table
    x = _rounded(_transformed(x, 2, DCT.T), 4.0)
    x = _rounded(_transformed(x, 4, DCT.T / 8)) + 128.0
    x = ops.reshape(x, (-1, count, rows * BLOCK, columns * BLOCK))
    x = ops.transpose(x, (0, 2, 3, 1))
    return ops.clip(x[:, :height, :width], 0.0, 255.0)


def _coded_chroma(chroma, table, steps):
    """`_coded` with chroma subsampling."""
    height, width = chroma.shape[1:3]
    down, right = steps
    if right == 1:
        return _coded(chroma, table)
    # Columns are padded before averaging, rows after it.
    x = _repeat_last(chroma, 1, -height % down)
    x = _repeat_last(x, 2, -width % (right * BLOCK))
    total = sum(
        x[:, row::down, column::right]
        for row in range(down)
        for column in range(right)
    )
    # Halves are rounded down in even columns and up in odd ones.
    bias = np.array([0.0, 1.0] if down == 1 else [1.0, 2.0]) + 0.25
    bias = np.resize(bias, (1, 1, total.shape[2], 1)).astype("float32")
    x = _floored((total + bias) / (down * right))
    # The padding is not needed any more.
    x = _coded(x, table)[:, :, : -(-width // right)]
    if x.shape[2] <= 2:  # libjpeg replicates such narrow planes.
        x = ops.repeat(ops.repeat(x, down, axis=1), right, axis=2)
    elif down == 1:
        left, right = _interpolated(x, 2)
        x = _interleaved(
            _floored((left + 1.25) / 4.0), _floored((right + 2.25) / 4.0), 2
        )
    else:
        x = _interleaved(*_interpolated(x, 1), 1)
        left, right = _interpolated(x, 2)
        x = _interleaved(
            _floored((left + 8.25) / 16.0), _floored((right + 7.25) / 16.0), 2
        )
    return x[:, :height, :width]


def _interpolated(x, axis):
    """Four times the values a quarter before and after each sample."""
    count = x.shape[axis]
    places = np.arange(count)
    before = ops.take(x, np.maximum(places - 1, 0), axis=axis)
    after = ops.take(x, np.minimum(places + 1, count - 1), axis=axis)
    return 3.0 * x + before, 3.0 * x + after


def _interleaved(even, odd, axis):
    shape = list(even.shape)
    shape[0], shape[axis] = -1, 2 * shape[axis]
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), shape)


def _repeat_last(x, axis, count):
    if not count:
        return x
    last = x[:, -1:] if axis == 1 else x[:, :, -1:]
    return ops.concatenate([x, ops.repeat(last, count, axis=axis)], axis=axis)


def _transformed(x, axis, matrix):
    """Product of a matrix with the 8 values along an axis."""
    shape = [1] * len(x.shape)
    shape[axis] = BLOCK
    parts = ops.split(x, BLOCK, axis=axis)
    return sum(
        part * matrix[:, place].reshape(shape)
        for place, part in enumerate(parts)
    )


def _rgb_to_ycc(levels):
    red, green, blue = ops.split(levels, 3, axis=-1)

    def weighted(weights, offset):
        r, g, b = map(float, weights)
        return _floored(red * r + green * g + blue * b + offset)

    # Slightly less than a half, so that Cb and Cr of 255.5 fit into 8 bits.
    half = 128.0 + 0.5 - 1 / FIXED
    chroma = [weighted(TO_CB, half), weighted(TO_CR, half)]
    return weighted(TO_Y, 0.5), ops.concatenate(chroma, axis=-1)


def _ycc_to_rgb(y, chroma):
    cb, cr = ops.split(chroma - 128.0, 2, axis=-1)
    rgb = [
        y + _floored(CR_TO_R * cr + 0.5),
        y + _floored(-CB_TO_G * cb - CR_TO_G * cr + 0.5),
        y + _floored(CB_TO_B * cb + 0.5),
    ]
    return ops.clip(ops.concatenate(rgb, axis=-1), 0.0, 255.0)


def _quantized(x, step):
    """Nearest whole multiples of the step, halves away from zero."""
    exact = x / step
    nearest = ops.sign(x) * ops.floor((ops.abs(x) + 0.25) / step + 0.5)
    return exact + ops.stop_gradient(nearest - exact)


def _rounded(x, steps=1.0):
    """Rounded to multiples of `1 / steps`, halves up."""
    nearest = ops.floor(x * steps + 0.5) / steps
    return x + ops.stop_gradient(nearest - x)


def _floored(x):
    return x + ops.stop_gradient(ops.floor(x) - x)


def _check_shape(images):
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[-1] not in (1, 3):
        raise ValueError(
            "jpeg expects images (batch, height, width, 1 or 3), got the shape "
            f"{shape}."
        )
    if not all(isinstance(side, int) and side > 0 for side in shape[1:3]):
        raise ValueError(
            f"jpeg needs a known height and width, got {shape}; call it on "
            "images of one size."
        )


def _check_settings(quality, subsampling):
    if isinstance(quality, (int, float)) and quality not in range(1, 101):
        raise ValueError(
            f"quality must be a whole number from 1 to 100, got {quality!r}."
        )
    if isinstance(subsampling, str) and subsampling not in SUBSAMPLINGS:
        raise ValueError(
            f"subsampling must be one of {', '.join(SUBSAMPLINGS)}, or a "
            f"tensor of their indices 0, 1 and 2, got {subsampling!r}."
        )
