package io.github.kerasrestore.core

/**
 * Finished rows of an image.
 *
 * @property top the first row.
 * @property rows how many.
 * @property values the rows from the start of the array, which is longer and
 *   is used again for the next band.
 */
class Band(val top: Int, val rows: Int, val values: FloatArray)
