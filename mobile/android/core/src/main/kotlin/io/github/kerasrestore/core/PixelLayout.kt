package io.github.kerasrestore.core

/**
 * The bytes of a pixel, in the order in which they lie.
 *
 * @property channels bytes of a pixel, opacity included.
 * @property colors bytes of a pixel that are light: 1 or 3.
 */
enum class PixelLayout(val channels: Int, val colors: Int) {
    GRAY(1, 1),
    GRAY_ALPHA(2, 1),
    RGB(3, 3),
    RGBA(4, 3);

    /** Whether the last byte is opacity, not premultiplied. */
    val hasAlpha: Boolean
        get() = channels > colors

    companion object {
        /**
         * The layout of that many bytes a pixel, 1 to 4.
         *
         * @throws IllegalArgumentException if there is none.
         */
        fun of(channels: Int): PixelLayout =
            requireNotNull(values().firstOrNull { it.channels == channels }) {
                "A pixel has 1 to 4 bytes, got $channels."
            }
    }
}
