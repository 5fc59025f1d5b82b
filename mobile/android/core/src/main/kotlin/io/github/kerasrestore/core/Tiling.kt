package io.github.kerasrestore.core

/**
 * Indices of `[start, stop)` in a line of [size] pixels that continues by
 * reflection about its first and last pixel, as often as it takes.
 */
fun reflect(start: Int, stop: Int, size: Int): IntArray {
    if (size == 1) return IntArray(stop - start)
    val period = 2L * (size - 1)
    return IntArray(stop - start) { offset ->
        val index = Math.floorMod(start.toLong() + offset, period)
        minOf(index, period - index).toInt()
    }
}

/**
 * Weight of a tile along one axis.
 *
 * Pixel `p` of the ramp at a line `b` between two cores has the weight
 * `(p - b + feather + 0.5) / (2 * feather)` on the far side; the weights of
 * neighbouring tiles add up to one.
 *
 * @return weights of the pixels from [firstPixel] to `min(size, stop +
 *   feather)`.
 */
fun blendWeights(span: Span, size: Int, feather: Int): FloatArray {
    val first = firstPixel(span, feather)
    val last = minOf(size, span.stop + feather)
    if (feather == 0) return FloatArray(last - first) { 1f }
    val ramp = (2 * feather).toFloat()
    return FloatArray(last - first) { offset ->
        val position = (first + offset).toFloat() + 0.5f
        var weight = 1f
        if (span.start > 0) {
            val rise = (position - (span.start - feather).toFloat()) / ramp
            weight = minOf(weight, rise)
        }
        if (span.stop < size) {
            val fall = ((span.stop + feather).toFloat() - position) / ramp
            weight = minOf(weight, fall)
        }
        weight
    }
}

/** The first pixel along an axis that a tile has a say in. */
fun firstPixel(span: Span, feather: Int): Int =
    if (span.start > 0) maxOf(0, span.start - feather) else 0

/** The next multiple of [multiple] that is not below [value]. */
internal fun roundUp(value: Int, multiple: Int): Int =
    (value + multiple - 1) / multiple * multiple
