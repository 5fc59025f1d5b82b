package io.github.kerasrestore.core

import kotlin.math.abs

/**
 * White noise as strong as that of the visible pixels of a picture.
 *
 * The noise level of each colour comes from the median of the differences
 * |a - b - c + d| of 2x2 visible pixels (Donoho and Johnstone, 1994).
 *
 * @param width of the picture in pixels.
 * @param layout of its pixels, with opacity.
 */
internal class VisibleNoise(
    private val width: Int,
    private val layout: PixelLayout,
) {
    private val colors = layout.colors
    private val counts = Array(colors) { LongArray(2 * 255 + 1) }
    private val steps by lazy { FloatArray(colors) { median(it) * STEP } }

    /**
     * Counts the differences in a band of the picture.
     *
     * @param bytes the band's rows, from an even row on.
     * @param rows how many.
     */
    fun add(bytes: ByteArray, rows: Int) {
        val channels = layout.channels
        fun value(pixel: Int, channel: Int) =
            bytes[pixel * channels + channel].toInt() and 0xff
        for (y in 0 until rows - 1 step 2) {
            for (x in 0 until width - 1 step 2) {
                val upper = y * width + x
                val lower = upper + width
                val visible = value(upper, colors) > 0 &&
                    value(upper + 1, colors) > 0 &&
                    value(lower, colors) > 0 &&
                    value(lower + 1, colors) > 0
                if (!visible) continue
                for (color in 0 until colors) {
                    val above = value(upper, color) - value(upper + 1, color)
                    val below = value(lower, color) - value(lower + 1, color)
                    counts[color][abs(above - below)]++
                }
            }
        }
    }

    /** The noise of a pixel, by its number in the picture. */
    fun at(pixel: Int, color: Int): Float =
        draw(pixel * colors + color) * steps[color]

    // The lower one of two.
    private fun median(color: Int): Int {
        val half = (counts[color].sum() + 1) / 2
        var median = 0
        var below = counts[color][0]
        while (below < half) below += counts[color][++median]
        return median
    }

    // A number of nearly normal distribution, mean 0: MurmurHash3's finalizer
    // of a place, the sum of its four bytes.
    private fun draw(place: Int): Float {
        var key = place xor (place ushr 16)
        key *= -0x7a143595
        key = key xor (key ushr 13)
        key *= -0x3d4d51cb
        key = key xor (key ushr 16)
        val sum = (key and 255) + (key ushr 8 and 255) +
            (key ushr 16 and 255) + (key ushr 24)
        return (sum - 510).toFloat()
    }

    private companion object {
        // The median of white noise is 2 * 0.6745 standard deviations, that of
        // a sum of four random bytes is 147.8.
        const val STEP = (1 / (2 * 0.6745 * 147.8)).toFloat()
    }
}
