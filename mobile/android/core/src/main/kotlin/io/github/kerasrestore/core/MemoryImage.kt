package io.github.kerasrestore.core

/**
 * A picture in memory, to be read from or written to.
 *
 * @property bytes the pixels, row by row.
 */
class MemoryImage(
    override val width: Int,
    override val height: Int,
    override val layout: PixelLayout,
    val bytes: ByteArray = ByteArray(width * height * layout.channels),
) : PixelSource, PixelSink {
    private val stride = width * layout.channels
    private var written = 0

    init {
        require(bytes.size == stride * height) {
            "A picture of ${width}x$height has ${stride * height} bytes, " +
                "got ${bytes.size}."
        }
    }

    override fun read(
        left: Int,
        top: Int,
        columns: Int,
        rows: Int,
        into: ByteArray,
    ) {
        val count = columns * layout.channels
        for (row in 0 until rows) {
            val from = (top + row) * stride + left * layout.channels
            bytes.copyInto(into, row * count, from, from + count)
        }
    }

    override fun write(rows: Int, pixels: ByteArray) {
        pixels.copyInto(bytes, written * stride, 0, rows * stride)
        written += rows
    }

    override fun finish() =
        check(written == height) { "The picture was not written to its end." }

    override fun close() = Unit
}
