package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.PixelSink
import java.io.ByteArrayOutputStream
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals

class PreviewSinkTest {
    @Test
    fun `a pixel is the mean of its square, at the edges too`() {
        // 5 x 3 pixels, reduced by 2: 3 x 2.
        val pixels = bytes(
            0, 10, 20, 30, 40,
            2, 12, 22, 32, 50,
            100, 101, 7, 8, 255,
        )
        for (band in 1..3) {
            val made = preview(5, 3, PixelLayout.GRAY, 2, pixels, band)
            val gray = List(6) { made[4 * it].toInt() and 0xFF }
            assertEquals(listOf(6, 26, 45, 101, 8, 255), gray, "$band rows")
            val alphas = List(6) { made[4 * it + 3].toInt() }
            assertEquals(List(6) { -1 }, alphas)
        }
    }

    @Test
    fun `unreduced pictures stay as they are`() {
        val pixels = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
        val made = preview(2, 2, PixelLayout.RGB, 1, pixels, 2)
        val wanted =
            bytes(1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255)
        assertContentEquals(wanted, made)
    }

    @Test
    fun `colours are multiplied by the opacity`() {
        val made = preview(
            3, 1, PixelLayout.RGBA, 1,
            bytes(200, 100, 50, 255, 200, 100, 50, 128, 200, 100, 50, 0), 1,
        )
        val wanted = bytes(200, 100, 50, 255, 100, 50, 25, 128, 0, 0, 0, 0)
        assertContentEquals(wanted, made)
        val gray = preview(
            1, 1, PixelLayout.GRAY_ALPHA, 1, bytes(200, 128), 1,
        )
        assertContentEquals(bytes(100, 100, 100, 128), gray)
    }

    /** The preview; sees to it that the picture itself passes through. */
    private fun preview(
        width: Int,
        height: Int,
        layout: PixelLayout,
        sample: Int,
        pixels: ByteArray,
        band: Int,
    ): ByteArray {
        val passed = ByteArrayOutputStream()
        val made = ByteArrayOutputStream()
        val stride = width * layout.channels
        val next = object : PixelSink {
            override fun write(rows: Int, pixels: ByteArray) =
                passed.write(pixels, 0, rows * stride)

            override fun finish() = Unit

            override fun close() = Unit
        }
        val line = (width + sample - 1) / sample * ScreenPixels.SIZE
        val sink = PreviewSink(next, width, height, layout, sample) {
                top, rows, shown ->
            assertEquals(made.size() / line, top)
            made.write(shown, 0, rows * line)
        }
        for (top in 0 until height step band) {
            val rows = minOf(band, height - top)
            val from = top * stride
            sink.write(rows, pixels.copyOfRange(from, from + rows * stride))
        }
        assertContentEquals(pixels, passed.toByteArray())
        return made.toByteArray()
    }

    private fun bytes(vararg values: Int) =
        ByteArray(values.size) { values[it].toByte() }
}
