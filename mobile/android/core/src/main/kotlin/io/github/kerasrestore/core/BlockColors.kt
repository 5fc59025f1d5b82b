package io.github.kerasrestore.core

/**
 * Colours of square blocks of pixels: sums of colours times opacity, and of
 * opacity.
 *
 * @param height blocks from top to bottom.
 * @param width blocks from left to right.
 * @param colors 1 or 3.
 */
internal class BlockColors(
    val height: Int,
    val width: Int,
    private val colors: Int,
) {
    /** Of each block; means after [smooth]. */
    val values = FloatArray(height * width * colors)

    /** Of each block, 0 where nothing of it is visible. */
    val weights = FloatArray(height * width)

    /** The sums of blocks of twice the side. */
    fun halved(): BlockColors {
        val half = BlockColors((height + 1) / 2, (width + 1) / 2, colors)
        pool(values, colors, half.values)
        pool(weights, 1, half.weights)
        return half
    }

    // Of 2x2 blocks: first along the column, then along the row, as float32.
    private fun pool(from: FloatArray, channels: Int, into: FloatArray) {
        fun value(y: Int, x: Int, channel: Int) =
            if (y < height && x < width) {
                from[(y * width + x) * channels + channel]
            } else {
                0f
            }
        var to = 0
        for (y in 0 until height step 2) {
            for (x in 0 until width step 2) {
                for (c in 0 until channels) {
                    into[to++] = (value(y, x, c) + value(y + 1, x, c)) +
                        (value(y, x + 1, c) + value(y + 1, x + 1, c))
                }
            }
        }
    }

    /** The mean colour of a visible block. */
    fun mean(block: Int, color: Int): Float =
        values[block * colors + color] / weights[block]

    /**
     * Makes means of the sums; blocks of which nothing is visible get the
     * colours of larger ones around them.
     */
    fun smooth(): BlockColors {
        val coarse =
            if (weights.all { it > 0f }) null else halved().smooth()
        for (block in weights.indices) {
            for (color in 0 until colors) {
                values[block * colors + color] = if (weights[block] > 0f) {
                    mean(block, color)
                } else {
                    coarse!!.doubled(block / width, block % width, color)
                }
            }
        }
        return this
    }

    /**
     * A value of the means at twice the size, interpolated linearly along
     * the rows and then along the columns.
     */
    fun doubled(row: Int, column: Int, color: Int): Float {
        val (near, far) = neighbours(row, height)
        val one = alongRow(near, column, color)
        if (far == near) return one
        return linear(one, alongRow(far, column, color))
    }

    private fun alongRow(row: Int, column: Int, color: Int): Float {
        val (near, far) = neighbours(column, width)
        val one = values[(row * width + near) * colors + color]
        if (far == near) return one
        return linear(one, values[(row * width + far) * colors + color])
    }

    // The block that a place lies in, and the one that it lies closer to.
    private fun neighbours(place: Int, size: Int): Pair<Int, Int> {
        val near = place / 2
        val far = near + if (place % 2 == 0) -1 else 1
        return Pair(near, far.coerceIn(0, size - 1))
    }

    private fun linear(near: Float, far: Float): Float =
        (0.75 * near + 0.25 * far).toFloat()
}
