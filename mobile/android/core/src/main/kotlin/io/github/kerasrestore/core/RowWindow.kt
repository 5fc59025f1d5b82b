package io.github.kerasrestore.core

/** The rows of a picture that are in memory. */
internal class RowWindow(private val source: RowSource) {
    private val stride = source.width * source.layout.channels
    private var top = 0
    private var bottom = 0

    /** The rows, those of the last [moveTo]. */
    var bytes = ByteArray(0)
        private set

    /** Sees to it that the rows `[top, bottom)` are there. */
    fun moveTo(top: Int, bottom: Int) {
        if (top == this.top && bottom == this.bottom) return
        val size = (bottom - top) * stride
        if (bytes.size < size) bytes = ByteArray(size)
        source.readRows(top, bottom - top, bytes)
        this.top = top
        this.bottom = bottom
    }

    /** Where a row begins in [bytes]. */
    fun offset(row: Int): Int = (row - top) * stride

    /** Opacity of a pixel. */
    fun alpha(row: Int, column: Int): Byte {
        val channels = source.layout.channels
        return bytes[offset(row) + column * channels + channels - 1]
    }
}
