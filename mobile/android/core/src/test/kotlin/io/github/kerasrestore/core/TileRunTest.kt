package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertSame
import org.json.JSONObject

class TileRunTest {
    @Test
    fun `blended images are those of the goldens to the bit`() {
        Goldens.objects("blends.json").forEach { case ->
            val wanted = case.getJSONArray("result").floats()
            val found = FloatArray(wanted.size)
            var filled = 0
            val run = run(case)
            var values: FloatArray? = null
            while (true) {
                val band = run.nextBand() ?: break
                val stride = case.getInt("width") * case.getInt("scale") *
                    case.getInt("channels")
                assertEquals(filled, band.top * stride)
                band.values.copyInto(found, filled, 0, band.rows * stride)
                filled += band.rows * stride
                // The same memory for every band.
                assertSame(values ?: band.values, band.values)
                values = band.values
            }
            assertEquals(wanted.size, filled)
            assertContentEquals(wanted, found)
        }
    }

    private fun run(case: JSONObject): TileRun {
        val image = case.getJSONArray("image").floats()
        val (width, channels, scale) =
            listOf("width", "channels", "scale").map { case.getInt(it) }
        val (tileHeight, tileWidth) = case.getJSONArray("tile").ints()
        val add = case.getDouble("add").toFloat()
        var count = 0
        val plan = TilePlan(
            case.getInt("height"), width, tileHeight, tileWidth,
            case.getInt("halo"), case.getInt("feather"),
        )
        val reader = TileReader { rows, columns, into ->
            var to = 0
            for (row in rows) for (column in columns) {
                for (channel in 0 until channels) {
                    into[to++] =
                        image[(row * width + column) * channels + channel]
                }
            }
        }
        val restorer = TileRestorer { tile, restored ->
            val wide = tileWidth * scale
            for (index in restored.indices) {
                val channel = index % channels
                val x = index / channels % wide / scale
                val y = index / channels / wide / scale
                restored[index] =
                    tile[(y * tileWidth + x) * channels + channel] +
                    count.toFloat() * add
            }
            count++
        }
        return TileRun(plan, channels, scale, reader, restorer)
    }
}
