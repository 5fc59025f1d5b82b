package io.github.kerasrestore.core

/** A picture that is read from top to bottom in whole rows. */
internal interface RowSource {
    val width: Int
    val height: Int
    val layout: PixelLayout

    /**
     * Reads whole rows.
     *
     * @param top the first row; never above the first one of an earlier call.
     * @param rows how many.
     * @param into takes them, from its start.
     */
    fun readRows(top: Int, rows: Int, into: ByteArray)
}
