package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals

class OrientationTest {
    @Test
    fun `sizes and places are those of the goldens`() {
        for (case in Goldens.objects("orientation.json")) {
            val orientation = Orientation.of(case.getInt("orientation"))
            val width = case.getInt("width")
            val height = case.getInt("height")
            val across = case.getInt("upright_width")
            assertEquals(across, orientation.width(width, height))
            assertEquals(
                case.getInt("upright_height"),
                orientation.height(width, height),
            )
            val source = case.getJSONArray("source").ints()
            source.forEachIndexed { index, wanted ->
                val (x, y) = index % across to index / across
                val row = orientation.storedRow(x, y, height)
                val column = orientation.storedColumn(x, y, width)
                assertEquals(wanted, row * width + column)
            }
        }
    }

    @Test
    fun `codes that EXIF does not have are taken as upright`() {
        for (code in listOf(-1, 0, 9, 999)) {
            assertEquals(Orientation.UPRIGHT, Orientation.of(code))
        }
    }

    @Test
    fun `any rectangle of a turned picture is read as it stands`() {
        for (orientation in Orientation.values()) {
            for (layout in PixelLayout.values()) checkRectangles(
                orientation, noise(7, 5, layout),
            )
        }
    }

    private fun checkRectangles(orientation: Orientation, stored: MemoryImage) {
        val upright = OrientedSource(stored, orientation)
        val channels = stored.layout.channels
        for (rectangle in listOf(
            listOf(0, 0, upright.width, upright.height),
            listOf(1, 2, 3, 2),
            listOf(upright.width - 1, upright.height - 1, 1, 1),
        )) {
            val (left, top, columns, rows) = rectangle
            val found = ByteArray(columns * rows * channels)
            upright.read(left, top, columns, rows, found)
            val wanted = ByteArray(found.size) { index ->
                val x = left + index / channels % columns
                val y = top + index / channels / columns
                val row = orientation.storedRow(x, y, stored.height)
                val column = orientation.storedColumn(x, y, stored.width)
                stored.bytes[
                    (row * stored.width + column) * channels +
                        index % channels,
                ]
            }
            assertContentEquals(wanted, found)
        }
    }
}
