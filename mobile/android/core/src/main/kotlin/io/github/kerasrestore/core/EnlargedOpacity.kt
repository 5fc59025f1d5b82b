package io.github.kerasrestore.core

import kotlin.math.abs

/**
 * Opacity enlarged bicubically, as Pillow does it: weights and sums in double
 * precision, float32 between the two passes.
 *
 * @param opacity of the picture, with its plane.
 * @param height of the picture.
 * @param width of the picture.
 * @param scale enlargement.
 */
internal class EnlargedOpacity(
    private val opacity: Opacity,
    private val height: Int,
    private val width: Int,
    private val scale: Int,
) {
    private val columns = List(width * scale) { Taps(it, width, scale) }

    // Rows of the picture that are enlarged along the row, by their number.
    private val wide = HashMap<Int, FloatArray>()

    /**
     * A row of the enlarged opacity.
     *
     * @param row of the enlarged picture; not above an earlier one.
     */
    fun row(row: Int): ByteArray {
        val taps = Taps(row, height, scale)
        wide.keys.retainAll { it >= taps.first }
        val rows = List(taps.weights.size) { enlargedRow(taps.first + it) }
        return ByteArray(width * scale) { x ->
            var sum = 0.0
            for (tap in rows.indices) {
                sum += rows[tap][x].toDouble() * taps.weights[tap]
            }
            val value = sum.toFloat()
                .coerceIn(opacity.lowest.toFloat(), opacity.highest.toFloat())
            Math.rint(value.toDouble()).toInt().toByte()
        }
    }

    private fun enlargedRow(row: Int) = wide.getOrPut(row) {
        FloatArray(width * scale) { x ->
            val taps = columns[x]
            var sum = 0.0
            for (tap in taps.weights.indices) {
                val at = row * width + taps.first + tap
                val byte = opacity.plane[at].toInt() and 0xff
                sum += byte.toDouble() * taps.weights[tap]
            }
            sum.toFloat()
        }
    }

    /** The pixels of a line that one of the enlarged line is made of. */
    private class Taps(place: Int, size: Int, scale: Int) {
        val first: Int
        val weights: DoubleArray

        init {
            val centre = (place + 0.5) * (size.toDouble() / (size * scale))
            first = maxOf(0, (centre - SUPPORT + 0.5).toInt())
            val last = minOf(size, (centre + SUPPORT + 0.5).toInt())
            weights = DoubleArray(last - first) {
                cubic(first + it - centre + 0.5)
            }
            val sum = weights.sum()
            for (tap in weights.indices) weights[tap] /= sum
        }
    }

    private companion object {
        const val SUPPORT = 2.0
        const val A = -0.5

        fun cubic(distance: Double): Double {
            val x = abs(distance)
            return when {
                x < 1 -> ((A + 2) * x - (A + 3)) * x * x + 1
                x < 2 -> (((x - 5) * x + 8) * x - 4) * A
                else -> 0.0
            }
        }
    }
}
