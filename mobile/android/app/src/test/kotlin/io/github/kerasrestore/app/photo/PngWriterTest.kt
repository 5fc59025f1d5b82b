package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.PixelLayout
import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.OutputStream
import java.util.Random
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class PngWriterTest {
    @Test
    fun `a reader of PNG finds the same bytes`() {
        for (layout in PixelLayout.values()) {
            for ((width, height) in listOf(1 to 1, 1 to 7, 13 to 1, 37 to 29)) {
                val pixels = noise(width * height * layout.channels)
                val image = read(write(width, height, layout, pixels))
                assertEquals(width to height, image.width to image.height)
                assertContentEquals(pixels, bytesOf(image, layout), "$layout")
            }
        }
    }

    @Test
    fun `smooth pictures become small`() {
        val (width, height) = 300 to 200
        val pixels = ByteArray(width * height * 3) {
            val (x, y) = it / 3 % width to it / 3 / width
            (x / 3 + y / 2).toByte()
        }
        val file = write(width, height, PixelLayout.RGB, pixels)
        assertContentEquals(pixels, bytesOf(read(file), PixelLayout.RGB))
        assertTrue(file.size < pixels.size / 30, "${file.size}")
    }

    @Test
    fun `rows come in bands of any height`() {
        val (width, height) = 11 to 23
        val pixels = noise(width * height * 3)
        val out = ByteArrayOutputStream()
        PngWriter(out, width, height, PixelLayout.RGB).use { writer ->
            var top = 0
            for (rows in listOf(1, 2, 5, 7, 8)) {
                val from = top * width * 3
                // Bands may come in an array that is longer.
                val band = pixels.copyOfRange(from, pixels.size)
                writer.write(rows, band)
                top += rows
            }
            writer.finish()
        }
        val found = bytesOf(read(out.toByteArray()), PixelLayout.RGB)
        assertContentEquals(pixels, found)
    }

    @Test
    fun `chunks are whole and in order`() {
        val profile = noise(3000)
        val plain = write(300, 100, PixelLayout.RGB, noise(90_000))
        val profiled =
            write(300, 100, PixelLayout.RGB, noise(90_000), profile)
        assertEquals(listOf("IHDR", "sRGB"), chunks(plain).take(2))
        assertEquals(listOf("IHDR", "iCCP"), chunks(profiled).take(2))
        assertEquals("IEND", chunks(plain).last())
        assertTrue(chunks(plain).count { it == "IDAT" } > 1)
    }

    @Test
    fun `a profile is found again`() {
        val profile = noise(3000)
        val file = write(5, 4, PixelLayout.RGBA, noise(80), profile)
        assertContentEquals(profile, headerOf(file).profile)
    }

    @Test
    fun `50 megapixels are written in less memory than they have`() {
        val (width, height, rows) = Triple(8192, 6144, 64)
        assertTrue(Runtime.getRuntime().maxMemory() < 3L * width * height)
        val band = ByteArray(rows * width * 3) {
            (it / 3 % width / 32).toByte()
        }
        val out = CountingStream()
        var shown = 0
        val writer = PngWriter(out, width, height, PixelLayout.RGB)
        PreviewSink(writer, width, height, PixelLayout.RGB, 4) { _, more, _ ->
            shown += more
        }.use { sink ->
            repeat(height / rows) { sink.write(rows, band) }
            sink.finish()
        }
        assertEquals(height / 4, shown)
        assertTrue(out.count > 10_000, "${out.count}")
    }

    @Test
    fun `too many and too few rows are told`() {
        val out = ByteArrayOutputStream()
        val writer = PngWriter(out, 2, 3, PixelLayout.GRAY)
        writer.write(2, ByteArray(4))
        assertFailsWith<IllegalStateException> { writer.finish() }
        assertFailsWith<IllegalStateException> { writer.write(2, ByteArray(4)) }
        writer.close()
    }

    private class CountingStream : OutputStream() {
        var count = 0L

        override fun write(byte: Int) {
            count++
        }

        override fun write(bytes: ByteArray, offset: Int, length: Int) {
            count += length
        }
    }

    private fun write(
        width: Int,
        height: Int,
        layout: PixelLayout,
        pixels: ByteArray,
        profile: ByteArray? = null,
    ): ByteArray {
        val out = ByteArrayOutputStream()
        PngWriter(out, width, height, layout, profile).use {
            it.write(height, pixels)
            it.finish()
        }
        return out.toByteArray()
    }

    private fun read(file: ByteArray): BufferedImage =
        ImageIO.read(file.inputStream())

    private fun bytesOf(image: BufferedImage, layout: PixelLayout): ByteArray {
        assertEquals(layout.channels, image.raster.numBands)
        val samples = image.raster.getPixels(
            0, 0, image.width, image.height, null as IntArray?,
        )
        return ByteArray(samples.size) { samples[it].toByte() }
    }

    private fun chunks(file: ByteArray): List<String> {
        val input = DataInputStream(file.inputStream())
        input.skipBytes(8)
        val names = mutableListOf<String>()
        while (input.available() > 0) {
            val size = input.readInt()
            val name = ByteArray(4).also(input::readFully)
            names += String(name, Charsets.ISO_8859_1)
            input.skipBytes(size + 4)
        }
        return names
    }

    private fun noise(size: Int) =
        ByteArray(size).also { Random(size.toLong()).nextBytes(it) }
}
