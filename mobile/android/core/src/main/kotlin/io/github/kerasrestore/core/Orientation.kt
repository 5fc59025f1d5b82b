package io.github.kerasrestore.core

/**
 * How a stored picture is turned to stand upright, the EXIF orientation.
 *
 * An upright pixel comes from the stored one that is found by changing the
 * places of its column and row, if [transposed], and then counting the column
 * from the right and the row from the bottom, if so.
 *
 * @property code as EXIF has it, 1 to 8.
 * @property transposed whether columns are stored as rows.
 * @property fromRight whether stored columns are counted from the right.
 * @property fromBottom whether stored rows are counted from the bottom.
 */
enum class Orientation(
    val code: Int,
    val transposed: Boolean,
    val fromRight: Boolean,
    val fromBottom: Boolean,
) {
    UPRIGHT(1, false, false, false),
    MIRRORED(2, false, true, false),
    TURNED_180(3, false, true, true),
    FLIPPED(4, false, false, true),
    TRANSPOSED(5, true, false, false),
    TURNED_RIGHT(6, true, false, true),
    TRANSVERSED(7, true, true, true),
    TURNED_LEFT(8, true, true, false);

    /** Width of the upright picture. */
    fun width(storedWidth: Int, storedHeight: Int): Int =
        if (transposed) storedHeight else storedWidth

    /** Height of the upright picture. */
    fun height(storedWidth: Int, storedHeight: Int): Int =
        if (transposed) storedWidth else storedHeight

    /** Stored column of an upright pixel. */
    fun storedColumn(x: Int, y: Int, storedWidth: Int): Int {
        val column = if (transposed) y else x
        return if (fromRight) storedWidth - 1 - column else column
    }

    /** Stored row of an upright pixel. */
    fun storedRow(x: Int, y: Int, storedHeight: Int): Int {
        val row = if (transposed) x else y
        return if (fromBottom) storedHeight - 1 - row else row
    }

    companion object {
        /**
         * The orientation of an EXIF code; files with others are taken as
         * they are.
         */
        fun of(code: Int): Orientation =
            values().firstOrNull { it.code == code } ?: UPRIGHT
    }
}
