package io.github.kerasrestore.core

// The one place where values become bytes and bytes become values, so that
// every runtime gives the same picture.

/** Value of a byte, 0..255, as float32: `byte / 255`. */
fun byteToFloat(byte: Int): Float = byte.toFloat() / 255f

/**
 * Byte of a value: clipped to [0, 1], times 255 in float32, rounded half to
 * even.
 *
 * @throws IllegalArgumentException if the value is not a number.
 */
fun floatToByte(value: Float): Int {
    require(!value.isNaN()) { "Not a number has no byte." }
    val clipped = if (value < 0f) 0f else if (value > 1f) 1f else value
    return Math.rint((clipped * 255f).toDouble()).toInt()
}
