package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.Orientation
import io.github.kerasrestore.core.OrientedSource
import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.PixelSource
import java.util.Random
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class BandSourceTest {
    private val width = 50
    private val height = 40
    private val picture =
        ByteArray(width * height * 3).also { Random(1).nextBytes(it) }
    private val decoded = mutableListOf<BandSource.Area>()
    private var closed = 0

    private val decoder = object : BandSource.Decoder {
        override fun decode(area: BandSource.Area, into: ByteArray) {
            decoded += area
            assertTrue(BandSource.Area(0, 0, width, height).holds(area))
            cut(area).copyInto(into)
        }

        override fun close() {
            closed++
        }
    }

    private fun source(budget: Int) =
        BandSource(width, height, PixelLayout.RGB, budget, decoder)

    private fun cut(area: BandSource.Area): ByteArray {
        val line = area.columns * 3
        val pixels = ByteArray(line * area.rows)
        for (row in 0 until area.rows) {
            val from = ((area.top + row) * width + area.left) * 3
            picture.copyInto(pixels, row * line, from, from + line)
        }
        return pixels
    }

    private fun check(
        source: PixelSource,
        left: Int,
        top: Int,
        columns: Int,
        rows: Int,
    ) {
        val found = ByteArray(columns * rows * 3)
        source.read(left, top, columns, rows, found)
        val wanted = cut(BandSource.Area(left, top, columns, rows))
        assertContentEquals(wanted, found, "$left $top $columns $rows")
    }

    @Test
    fun `any rectangle is read as it is`() {
        val random = Random(2)
        for (budget in listOf(0, 130, 700, 100_000)) {
            val source = source(budget)
            repeat(300) {
                var columns = 1 + random.nextInt(width)
                var rows = 1 + random.nextInt(height)
                if (it % 3 == 0) columns = width
                if (it % 3 == 1) rows = height
                val left = random.nextInt(width - columns + 1)
                val top = random.nextInt(height - rows + 1)
                check(source, left, top, columns, rows)
            }
        }
    }

    @Test
    fun `a way through the picture takes few bands, whichever it is`() {
        for (orientation in Orientation.values()) {
            decoded.clear()
            val third = source(width * height / 3)
            val oriented = OrientedSource(third, orientation)
            val bytes = ByteArray(10 * oriented.width * 3)
            for (top in 0..oriented.height - 10 step 2) {
                oriented.read(0, top, oriented.width, 10, bytes)
            }
            // Windows overlap by eight lines, so that bands do too.
            assertTrue(decoded.size in 3..12, "$orientation: ${decoded.size}")
            val pixels = decoded.sumOf { it.columns * it.rows }
            assertTrue(pixels <= 3 * width * height, "$orientation: $pixels")
        }
    }

    @Test
    fun `no more is decoded than was asked for, if that is the budget`() {
        val source = source(0)
        check(source, 3, 4, 5, 6)
        check(source, 0, 4, width, 6)
        val wanted = listOf(
            BandSource.Area(3, 4, 5, 6), BandSource.Area(0, 4, width, 6),
        )
        assertEquals(wanted, decoded)
    }

    @Test
    fun `the decoder is closed with the source`() {
        source(0).close()
        assertEquals(1, closed)
    }
}
