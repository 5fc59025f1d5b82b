package io.github.kerasrestore.core

/**
 * How far a restoration is.
 *
 * @property done tiles that are done.
 * @property total tiles that there are.
 * @property seconds time since the start.
 * @property megapixels megapixels of the restored picture that are done.
 */
data class Progress(
    val done: Int,
    val total: Int,
    val seconds: Double,
    val megapixels: Double,
) {
    /** From 0 to 1. */
    val fraction: Double
        get() = if (total == 0) 0.0 else done.toDouble() / total

    /** Whole per cent, 100 only when everything is done. */
    val percent: Int
        get() = if (total == 0) 0 else (100L * done / total).toInt()

    /** Megapixels a second so far, 0 before the first tile. */
    val megapixelsPerSecond: Double
        get() = if (done == 0 || seconds <= 0) 0.0 else megapixels / seconds

    /** Seconds that are left if it goes on like this, `null` if unknown. */
    val secondsLeft: Double?
        get() = if (done == 0) null else seconds / done * (total - done)
}
