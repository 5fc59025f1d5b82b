package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONObject

class TilingTest {
    @Test
    fun `plans and weights are those of the goldens`() {
        for (case in Goldens.objects("tiling.json")) {
            val tile = case.getJSONArray("tile").ints()
            val plan = TilePlan(
                case.getInt("height"),
                case.getInt("width"),
                tile[0],
                tile[1],
                case.getInt("halo"),
                case.getInt("feather"),
            )
            compare(case, "rows", plan.rows, plan.height, plan.feather)
            compare(case, "columns", plan.columns, plan.width, plan.feather)
        }
    }

    private fun compare(
        case: JSONObject,
        key: String,
        found: List<Span>,
        size: Int,
        feather: Int,
    ) {
        val spans = case.getJSONArray(key)
        assertEquals(spans.length(), found.size)
        found.forEachIndexed { index, span ->
            val wanted = spans.getJSONObject(index)
            assertEquals(
                Span(
                    wanted.getInt("read"),
                    wanted.getInt("start"),
                    wanted.getInt("stop"),
                ),
                span,
            )
            assertEquals(
                wanted.getJSONArray("weights").doubles(),
                blendWeights(span, size, feather).map(Float::toDouble),
            )
        }
    }

    @Test
    fun `reflections are those of the goldens`() {
        for (case in Goldens.objects("reflect.json")) {
            assertContentEquals(
                case.getJSONArray("indices").ints().toIntArray(),
                reflect(
                    case.getInt("start"),
                    case.getInt("stop"),
                    case.getInt("size"),
                ),
            )
        }
    }

    @Test
    fun `weights of all tiles add up to one`() {
        val plan = TilePlan(1, 101, 24, 24, 8, 4)
        val sums = DoubleArray(101)
        for (span in plan.columns) {
            val first = firstPixel(span, 4)
            blendWeights(span, 101, 4).forEachIndexed { index, weight ->
                sums[first + index] += weight.toDouble()
            }
        }
        assertTrue(sums.all { it == 1.0 })
    }

    @Test
    fun `plans that leave no core or blend too far are refused`() {
        assertFailsWith<IllegalArgumentException> { TilePlan(0, 5, 9, 9, 2) }
        assertFailsWith<IllegalArgumentException> { TilePlan(5, 5, 9, 8, 4) }
        assertFailsWith<IllegalArgumentException> { TilePlan(5, 5, 9, 9, -1) }
        assertFailsWith<IllegalArgumentException> {
            TilePlan(5, 5, 9, 9, 2, 3)
        }
    }

    @Test
    fun `a model's plan has its halo and no feather`() {
        assertEquals(
            TilePlan(100, 200, 24, 20, 4, 0),
            TilePlan.of(Sidecars.of(), 100, 200),
        )
    }

    @Test
    fun `a model that sees the whole tile is blended`() {
        val sidecar = Sidecars.of(
            "receptive_field" to 0,
            "halo" to 48,
            "tile" to Sidecars.array(384, 400),
            "size_multiple" to 8,
        )
        assertEquals(
            TilePlan(9, 9, 384, 400, 48, 24), TilePlan.of(sidecar, 9, 9),
        )
    }
}
