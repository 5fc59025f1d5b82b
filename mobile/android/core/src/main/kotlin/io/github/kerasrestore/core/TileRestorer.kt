package io.github.kerasrestore.core

/** Makes the restored tile of a tile. */
fun interface TileRestorer {
    /**
     * @param tile the pixels, row by row.
     * @param restored takes the restored ones.
     */
    fun restore(tile: FloatArray, restored: FloatArray)
}
