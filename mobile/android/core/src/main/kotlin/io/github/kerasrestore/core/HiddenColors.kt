package io.github.kerasrestore.core

/**
 * A picture with the colours of its fully transparent pixels replaced.
 *
 * To a network, the colour that is stored there, often black or white, is an
 * edge that bleeds into visible neighbours. It is replaced by the mean of the
 * visible pixels, weighted by their opacity, in the smallest block around it,
 * of 2, 4, 8, ... pixels a side, that contains any, and noise as strong as
 * theirs. In memory are the blocks of 4 pixels and larger, those of 2 are made
 * anew of the rows that are read.
 *
 * @param source the picture, which is gone through once.
 * @param opacity of the picture.
 * @param onRows called for every band that is read meanwhile.
 */
internal class HiddenColors(
    private val source: PixelSource,
    private val opacity: Opacity,
    onRows: () -> Unit,
) : RowSource {
    override val width = source.width
    override val height = source.height
    override val layout = source.layout

    private val channels = layout.channels
    private val colors = layout.colors
    private val stride = width * channels
    private val coarse: BlockColors
    private val noise = VisibleNoise(width, layout)
    private var rows = ByteArray(0)

    // Rows with hidden pixels as they were, until they are asked for.
    private val before = HashMap<Int, ByteArray>()

    init {
        val (tall, wide) = (height + 3) / 4 to (width + 3) / 4
        coarse = BlockColors(tall, wide, colors)
        source.forEachBand(onRows) { top, rows, bytes ->
            noise.add(bytes, rows)
            val part = blocksOf(bytes, rows, 0).halved()
            val to = top / 4 * wide
            part.values.copyInto(coarse.values, to * colors)
            part.weights.copyInto(coarse.weights, to)
        }
        coarse.smooth()
    }

    override fun readRows(top: Int, rows: Int, into: ByteArray) {
        // Whole blocks of 2 rows.
        val first = top - top % 2
        val last = minOf(height, (top + rows + 1) / 2 * 2)
        val size = (last - first) * stride
        if (this.rows.size < size) this.rows = ByteArray(size)
        source.read(0, first, width, last - first, this.rows)
        // A few at a time: their sums take four times as much.
        for (row in first until last step BAND) {
            fill(row, minOf(BAND, last - row), (row - first) * stride)
        }
        val from = (top - first) * stride
        this.rows.copyInto(into, 0, from, from + rows * stride)
    }

    /**
     * Gives hidden pixels their colours back: an editor may make them visible
     * again.
     *
     * @param top the first row; rows above it are not asked for again.
     * @param rows how many.
     * @param pixels the rows.
     */
    fun giveBack(top: Int, rows: Int, pixels: ByteArray) {
        for (row in 0 until rows) {
            val old = before.remove(top + row) ?: continue
            for (x in 0 until width) {
                val from = x * channels
                if (old[from + colors] != 0.toByte()) continue
                old.copyInto(pixels, row * stride + from, from, from + colors)
            }
        }
    }

    private fun fill(top: Int, count: Int, offset: Int) {
        val fine = blocksOf(rows, count, offset)
        for (y in 0 until count) {
            val start = offset + y * stride
            if (!hides(start)) continue
            before[top + y] = rows.copyOfRange(start, start + stride)
            for (x in 0 until width) {
                val at = start + x * channels
                if (rows[at + colors] != 0.toByte()) continue
                val block = y / 2 * fine.width + x / 2
                for (color in 0 until colors) {
                    val value = if (fine.weights[block] > 0f) {
                        fine.mean(block, color)
                    } else {
                        coarse.doubled((top + y) / 2, x / 2, color)
                    }
                    val noisy = value + noise.at((top + y) * width + x, color)
                    rows[at + color] = Math.rint(noisy.toDouble()).toInt()
                        .coerceIn(0, 255).toByte()
                }
            }
        }
    }

    private fun hides(start: Int): Boolean = (0 until width).any {
        rows[start + it * channels + colors] == 0.toByte()
    }

    /** The blocks of 2x2 pixels of some rows, from `offset` on. */
    private fun blocksOf(
        bytes: ByteArray,
        rows: Int,
        offset: Int,
    ): BlockColors {
        val pixels = BlockColors(rows, width, colors)
        val most = opacity.highest.toFloat()
        for (pixel in 0 until rows * width) {
            val from = offset + pixel * channels
            val weight = (bytes[from + colors].toInt() and 0xff) / most
            pixels.weights[pixel] = weight
            for (color in 0 until colors) {
                val byte = bytes[from + color].toInt() and 0xff
                pixels.values[pixel * colors + color] = byte * weight
            }
        }
        return pixels.halved()
    }
}
