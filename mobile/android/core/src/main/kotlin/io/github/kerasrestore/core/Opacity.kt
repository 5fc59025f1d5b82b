package io.github.kerasrestore.core

/**
 * The opacity of a picture, looked at before it is restored.
 *
 * @param source a picture with opacity.
 * @param keep whether [plane] is kept.
 * @param onRows called for every band that is read.
 */
internal class Opacity(source: PixelSource, keep: Boolean, onRows: () -> Unit) {
    /** Of all pixels, row by row, if it is kept. */
    val plane = ByteArray(if (keep) source.width * source.height else 0)

    /** Of the least opaque pixel. */
    val lowest: Int

    /** Of the most opaque pixel. */
    val highest: Int

    init {
        val channels = source.layout.channels
        var least = 255
        var most = 0
        var to = 0
        source.forEachBand(onRows) { _, rows, bytes ->
            for (pixel in 0 until rows * source.width) {
                val byte = bytes[(pixel + 1) * channels - 1]
                val value = byte.toInt() and 0xff
                least = minOf(least, value)
                most = maxOf(most, value)
                if (keep) plane[to++] = byte
            }
        }
        lowest = least
        highest = most
    }

    /** Whether some pixels, but not all of them, are fully transparent. */
    val hidesSome: Boolean
        get() = lowest == 0 && highest > 0
}

/** Reads a picture from top to bottom, in bands of a multiple of 4 rows. */
internal fun PixelSource.forEachBand(
    onRows: () -> Unit,
    work: (top: Int, rows: Int, bytes: ByteArray) -> Unit,
) {
    val bytes = ByteArray(minOf(BAND, height) * width * layout.channels)
    for (top in 0 until height step BAND) {
        val rows = minOf(BAND, height - top)
        read(0, top, width, rows, bytes)
        work(top, rows, bytes)
        onRows()
    }
}

/** Rows that are looked at together. */
internal const val BAND = 64
