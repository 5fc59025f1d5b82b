package io.github.kerasrestore.core

import java.io.Closeable

/**
 * Takes a picture band by band, from top to bottom.
 *
 * Whoever writes calls [finish] after the last band and [close] in any case:
 * what was not finished by then leaves nothing behind.
 */
interface PixelSink : Closeable {
    /**
     * Takes whole rows.
     *
     * @param rows how many.
     * @param pixels the rows, from the start of the array; may be longer and
     *   is used again afterwards.
     */
    fun write(rows: Int, pixels: ByteArray)

    /** Says that all rows were written. */
    fun finish()
}
