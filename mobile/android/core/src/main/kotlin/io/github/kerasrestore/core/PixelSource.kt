package io.github.kerasrestore.core

import java.io.Closeable

/**
 * A picture that is read piece by piece, so that a large one never has to be
 * in memory as a whole.
 */
interface PixelSource : Closeable {
    /** Pixels from left to right. */
    val width: Int

    /** Pixels from top to bottom. */
    val height: Int

    /** Bytes of a pixel and what they mean. */
    val layout: PixelLayout

    /**
     * Reads a rectangle, which lies within the picture.
     *
     * @param left its first column.
     * @param top its first row.
     * @param columns its width.
     * @param rows its height.
     * @param into takes the pixels row by row, `layout.channels` bytes each,
     *   from its start; may be longer.
     */
    fun read(left: Int, top: Int, columns: Int, rows: Int, into: ByteArray)
}
