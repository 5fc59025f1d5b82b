package io.github.kerasrestore.core

import java.io.Closeable
import java.io.File
import java.io.RandomAccessFile

/**
 * A picture as plain rows of bytes in a file, for pictures that are too large
 * for memory.
 *
 * @param file the rows, as [RawImageWriter] left them; not deleted here.
 * @throws java.io.IOException if it cannot be read or is not of that size.
 */
class RawImage(
    file: File,
    override val width: Int,
    override val height: Int,
    override val layout: PixelLayout,
) : PixelSource, Closeable {
    private val input = RandomAccessFile(file, "r")

    init {
        val wanted = width.toLong() * height * layout.channels
        if (input.length() != wanted) {
            input.close()
            throw java.io.IOException(
                "${file.name} has not the $wanted bytes of the picture.",
            )
        }
    }

    override fun read(
        left: Int,
        top: Int,
        columns: Int,
        rows: Int,
        into: ByteArray,
    ) {
        val channels = layout.channels
        if (left == 0 && columns == width) {
            input.seek(top.toLong() * width * channels)
            input.readFully(into, 0, rows * width * channels)
            return
        }
        val count = columns * channels
        for (row in 0 until rows) {
            input.seek(((top + row).toLong() * width + left) * channels)
            input.readFully(into, row * count, count)
        }
    }

    override fun close() = input.close()
}
