package io.github.kerasrestore.core

/** Gives the pixels of a tile. */
fun interface TileReader {
    /**
     * @param rows indices of the rows.
     * @param columns indices of the columns.
     * @param into takes the pixels, row by row.
     */
    fun read(rows: IntArray, columns: IntArray, into: FloatArray)
}
