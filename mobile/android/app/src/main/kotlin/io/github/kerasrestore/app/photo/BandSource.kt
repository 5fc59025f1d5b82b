package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.PixelSource
import java.io.Closeable

/**
 * A stored picture that is decoded in bands.
 *
 * A decoder has to go through all of the file above a band, so that a few
 * large ones are faster than many small ones: rows or columns as a whole are
 * widened to [budget] pixels, in the direction in which the questions move.
 *
 * @property width of the picture as it is stored.
 * @property height of the picture as it is stored.
 * @property layout bytes of a pixel.
 * @param budget pixels of a band, if that is more than is asked for.
 * @param decoder of the picture; closed with this source.
 */
class BandSource(
    override val width: Int,
    override val height: Int,
    override val layout: PixelLayout,
    private val budget: Int,
    private val decoder: Decoder,
) : PixelSource {
    /** Decodes rectangles of a picture. */
    interface Decoder : Closeable {
        /**
         * Decodes a rectangle, which lies within the picture.
         *
         * @param into takes its pixels row by row, from its start; may be
         *   longer.
         */
        fun decode(area: Area, into: ByteArray)
    }

    /** A rectangle of a picture. */
    data class Area(
        val left: Int,
        val top: Int,
        val columns: Int,
        val rows: Int,
    ) {
        /** Whether the other one lies within this one. */
        fun holds(other: Area) = left <= other.left && top <= other.top &&
            left + columns >= other.left + other.columns &&
            top + rows >= other.top + other.rows
    }

    // The band that is in memory.
    private var band = Area(0, 0, 0, 0)
    private var pixels = ByteArray(0)

    override fun read(
        left: Int,
        top: Int,
        columns: Int,
        rows: Int,
        into: ByteArray,
    ) {
        val wanted = Area(left, top, columns, rows)
        if (!band.holds(wanted)) decode(widened(wanted))
        val size = columns * layout.channels
        for (row in 0 until rows) {
            val line = (top + row - band.top) * band.columns
            val from = (line + left - band.left) * layout.channels
            System.arraycopy(pixels, from, into, row * size, size)
        }
    }

    override fun close() = decoder.close()

    private fun decode(area: Area) {
        val size = area.columns * area.rows * layout.channels
        band = Area(0, 0, 0, 0)
        if (pixels.size < size) {
            // Never two of them at a time.
            pixels = ByteArray(0)
            pixels = ByteArray(size)
        }
        decoder.decode(area, pixels)
        band = area
    }

    private fun widened(wanted: Area): Area = when {
        wanted.columns == width -> {
            val rows = maxOf(wanted.rows, minOf(height, budget / width))
            val up = band.rows > 0 && wanted.top < band.top
            val top = start(wanted.top, wanted.rows, rows, height, up)
            wanted.copy(top = top, rows = rows)
        }
        wanted.rows == height -> {
            val columns = maxOf(wanted.columns, minOf(width, budget / height))
            val back = band.columns > 0 && wanted.left < band.left
            val left =
                start(wanted.left, wanted.columns, columns, width, back)
            wanted.copy(left = left, columns = columns)
        }
        else -> wanted
    }

    /** Where `span` lines begin that hold `count` lines from `first` on. */
    private fun start(
        first: Int,
        count: Int,
        span: Int,
        size: Int,
        backwards: Boolean,
    ) = if (backwards) {
        maxOf(0, first + count - span)
    } else {
        minOf(first, size - span)
    }
}
