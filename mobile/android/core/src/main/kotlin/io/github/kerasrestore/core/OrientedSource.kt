package io.github.kerasrestore.core

/**
 * A stored picture as it stands upright.
 *
 * @param stored the picture as the file has it; closed with this one.
 * @param orientation how it is turned.
 */
class OrientedSource(
    private val stored: PixelSource,
    private val orientation: Orientation,
) : PixelSource {
    private var bytes = ByteArray(0)

    override val width = orientation.width(stored.width, stored.height)
    override val height = orientation.height(stored.width, stored.height)
    override val layout = stored.layout

    override fun read(
        left: Int,
        top: Int,
        columns: Int,
        rows: Int,
        into: ByteArray,
    ) {
        if (orientation == Orientation.UPRIGHT) {
            stored.read(left, top, columns, rows, into)
            return
        }
        // Two corners of the rectangle, where they are stored.
        val (x0, y0) = place(left, top)
        val (x1, y1) = place(left + columns - 1, top + rows - 1)
        val (storedLeft, storedTop) = minOf(x0, x1) to minOf(y0, y1)
        val storedColumns = maxOf(x0, x1) - storedLeft + 1
        val storedRows = maxOf(y0, y1) - storedTop + 1
        val channels = layout.channels
        val size = storedColumns * storedRows * channels
        if (bytes.size < size) bytes = ByteArray(size)
        stored.read(storedLeft, storedTop, storedColumns, storedRows, bytes)
        var to = 0
        for (y in top until top + rows) {
            for (x in left until left + columns) {
                val column =
                    orientation.storedColumn(x, y, stored.width) - storedLeft
                val row =
                    orientation.storedRow(x, y, stored.height) - storedTop
                val from = (row * storedColumns + column) * channels
                for (channel in 0 until channels) {
                    into[to++] = bytes[from + channel]
                }
            }
        }
    }

    override fun close() = stored.close()

    private fun place(x: Int, y: Int): Pair<Int, Int> = Pair(
        orientation.storedColumn(x, y, stored.width),
        orientation.storedRow(x, y, stored.height),
    )
}
