package io.github.kerasrestore.core

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile

/**
 * Writes a picture as plain rows of bytes.
 *
 * The file appears whole or not at all: rows go to a file of another name in
 * the same folder, which [close] deletes unless [finish] has renamed it.
 *
 * @param file where the rows will be.
 * @param width of the picture.
 * @param height of the picture.
 * @param layout of the picture.
 * @throws IOException if there is no room for it.
 */
class RawImageWriter(
    private val file: File,
    width: Int,
    height: Int,
    layout: PixelLayout,
) : PixelSink {
    private val stride = width * layout.channels
    private val wanted = stride.toLong() * height
    private val temporary = File(file.path + ".part")
    private val output = RandomAccessFile(temporary, "rw")
    private var finished = false

    init {
        output.setLength(0)
    }

    override fun write(rows: Int, pixels: ByteArray) =
        output.write(pixels, 0, rows * stride)

    override fun finish() {
        if (output.filePointer != wanted) {
            throw IOException("The picture was not written to its end.")
        }
        output.close()
        if (!temporary.renameTo(file)) {
            throw IOException("The picture could not be put into ${file.name}.")
        }
        finished = true
    }

    override fun close() {
        output.close()
        if (!finished) temporary.delete()
    }
}
