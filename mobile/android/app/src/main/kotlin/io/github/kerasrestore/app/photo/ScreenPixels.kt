package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.PixelLayout

/**
 * Turns pixels of a file into those of a bitmap: red, green, blue, opacity,
 * the colours multiplied by the opacity.
 */
object ScreenPixels {
    /** Bytes of a pixel of a bitmap. */
    const val SIZE = 4

    private const val BYTE = 0xFF

    /**
     * Converts one pixel.
     *
     * @param layout of [from].
     * @param from takes the pixel from here.
     * @param start where it begins.
     * @param into puts the pixel here.
     * @param at where it goes.
     */
    fun convert(
        layout: PixelLayout,
        from: ByteArray,
        start: Int,
        into: ByteArray,
        at: Int,
    ) {
        val alpha = if (layout.hasAlpha) {
            from[start + layout.channels - 1].toInt() and BYTE
        } else {
            BYTE
        }
        for (color in 0 until SIZE - 1) {
            val index = if (layout.colors == 1) start else start + color
            val value = from[index].toInt() and BYTE
            // Rounded; 127 of 255 is half a step.
            into[at + color] = ((value * alpha + BYTE / 2) / BYTE).toByte()
        }
        into[at + SIZE - 1] = alpha.toByte()
    }

    /** Converts that many pixels. */
    fun convert(layout: PixelLayout, from: ByteArray, count: Int): ByteArray {
        val into = ByteArray(count * SIZE)
        for (pixel in 0 until count) {
            convert(layout, from, pixel * layout.channels, into, pixel * SIZE)
        }
        return into
    }
}
