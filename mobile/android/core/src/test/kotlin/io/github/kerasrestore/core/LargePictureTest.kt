package io.github.kerasrestore.core

import java.nio.ByteBuffer
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class LargePictureTest {
    @Test
    fun `a large picture is read in bands, never as a whole`() {
        val sidecar = Sidecars.of()
        val engine = FakeEngine(sidecar) { tile, _ -> tile }
        val image = noise(40, 2000, PixelLayout.RGB)
        var most = 0
        val source = object : PixelSource by image {
            override fun read(
                left: Int,
                top: Int,
                columns: Int,
                rows: Int,
                into: ByteArray,
            ) {
                most = maxOf(most, into.size)
                image.read(left, top, columns, rows, into)
            }
        }
        val result = MemoryImage(40, 2000, PixelLayout.RGB)
        Restorer(sidecar, engine)
            .restore(source, result, RestoreOptions(2.0))
        assertContentEquals(image.bytes, result.bytes)
        assertEquals(sidecar.tileHeight * 40 * 3, most)
    }

    @Test
    fun `a photo of 50 megapixels is restored in 256 megabytes`() =
        restoreStripes(8192, 6144, PixelLayout.RGB)

    @Test
    fun `a transparent photo of 25 megapixels is, too`() =
        restoreStripes(6144, 4096, PixelLayout.RGBA)

    private fun restoreStripes(width: Int, height: Int, layout: PixelLayout) {
        assertTrue(Runtime.getRuntime().maxMemory() <= 256L shl 20)
        val sidecar = Sidecars.color("tile" to Sidecars.array(384, 384))
        val engine = object : Engine {
            override fun run(
                image: ByteBuffer,
                sigma: Float,
                restored: ByteBuffer,
            ) {
                restored.duplicate().put(image.duplicate())
            }

            override fun close() = Unit
        }
        val source = Stripes(width, height, layout)
        val sink = StripesSink(source)
        val last = Restorer(sidecar, engine).restore(source, sink)
        assertEquals(height, sink.row)
        assertEquals(width * height / 1e6, last.megapixels, 0.1)
    }

    /**
     * A picture that is made as it is read; of one with opacity, every 256th
     * row is hidden.
     */
    private class Stripes(
        override val width: Int,
        override val height: Int,
        override val layout: PixelLayout,
    ) : PixelSource {
        override fun read(
            left: Int,
            top: Int,
            columns: Int,
            rows: Int,
            into: ByteArray,
        ) {
            val stride = columns * layout.channels
            for (row in 0 until rows) {
                into.fill(
                    (top + row).toByte(), row * stride, (row + 1) * stride,
                )
            }
        }

        override fun close() = Unit
    }

    /** Compares the rows with those of the source. */
    private class StripesSink(private val source: PixelSource) : PixelSink {
        private val stride = source.width * source.layout.channels
        private val wanted = ByteArray(stride)
        var row = 0
            private set

        override fun write(rows: Int, pixels: ByteArray) {
            for (index in 0 until rows) {
                source.read(0, row++, source.width, 1, wanted)
                val same = ByteBuffer.wrap(pixels, index * stride, stride) ==
                    ByteBuffer.wrap(wanted)
                assertTrue(same, "row ${row - 1}")
            }
        }

        override fun finish() = Unit

        override fun close() = Unit
    }

    @Test
    fun `a picture of a hundred megapixels is refused before it is read`() {
        val sidecar = Sidecars.of()
        val source = object : PixelSource {
            override val width = 10_000
            override val height = 10_000
            override val layout = PixelLayout.RGB

            override fun read(
                left: Int,
                top: Int,
                columns: Int,
                rows: Int,
                into: ByteArray,
            ) = error("It was read.")

            override fun close() = Unit
        }
        val error = assertFailsWith<Refusal> {
            Restorer(sidecar, FakeEngine(sidecar) { tile, _ -> tile })
                .restore(source, MemoryImage(1, 1, PixelLayout.RGB))
        }
        assertEquals(
            "This picture has 100.0 megapixels, more than the 64 that can " +
                "be restored; make it smaller or cut it first.",
            error.sentence,
        )
    }

    @Test
    fun `the memory forecast of opaque pictures grows with the width alone`() {
        val sidecar = Sidecars.color("tile" to Sidecars.array(384, 384))
        fun forecast(height: Int, layout: PixelLayout) =
            Restorer.memoryForecast(sidecar, 8660, height, layout)
        val bytes = forecast(5773, PixelLayout.RGB)
        assertEquals(bytes, forecast(100, PixelLayout.RGB))
        assertTrue(bytes < forecast(5773, PixelLayout.RGBA))
        // A photo of 50 megapixels: far less than its 200 million bytes.
        assertTrue(bytes in 40_000_000..150_000_000, "$bytes")
        val twice = Restorer.memoryForecast(
            sidecar, 8660, 5773, PixelLayout.RGB, RestoreOptions(1.5),
        )
        assertTrue(twice in bytes..2 * bytes)
    }
}
