package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONObject

class BenchmarkTest {
    @Test
    fun `runs after the warm-up are measured`() {
        var now = 0L
        var run = 0
        val seen = mutableListOf<Pair<Int, Int>>()
        val benchmark = Benchmark(warmUp = 2, runs = 5) { now }
        val result = benchmark.measure(
            1_000_000, onRun = { done, of -> seen += done to of },
        ) {
            // The first ones are slow: 900, 800, then 1, 2, 3, 4, 5.
            val took = listOf(900, 800, 5, 1, 4, 2, 3)[run++]
            now += took * 1_000_000L
        }
        assertEquals(listOf(5.0, 1.0, 4.0, 2.0, 3.0), result.milliseconds)
        assertEquals(3.0, result.median)
        assertEquals(1.4, result.p10, 1e-12)
        assertEquals(4.6, result.p90, 1e-12)
        assertEquals(1000 / 3.0, result.megapixelsPerSecond, 1e-9)
        assertEquals((1..7).map { it to 7 }, seen)
    }

    @Test
    fun `the JSON says it all`() {
        val result = BenchmarkResult(listOf(2.0, 4.0), 1, 147456)
        val text = result.toJson(mapOf("device" to "A \"phone\"\n"))
        val json = JSONObject(text)
        assertEquals("A \"phone\"\n", json.getString("device"))
        assertEquals(147456, json.getInt("pixels"))
        assertEquals(2, json.getInt("runs"))
        assertEquals(1, json.getInt("warm_up"))
        assertEquals(3.0, json.getDouble("median_ms"))
        assertEquals(2.2, json.getDouble("p10_ms"))
        assertEquals(3.8, json.getDouble("p90_ms"))
        assertEquals(49.152, json.getDouble("megapixels_per_second"))
        assertEquals(listOf(2.0, 4.0), json.getJSONArray("runs_ms").doubles())
        val instant = BenchmarkResult(listOf(0.0), 0, 9).toJson(emptyMap())
        assertEquals(true, JSONObject(instant).isNull("megapixels_per_second"))
    }

    @Test
    fun `a benchmark can be cancelled and wants a run`() {
        val cancellation = Cancellation()
        var runs = 0
        assertFailsWith<Cancelled> {
            Benchmark().measure(1, cancellation) {
                if (++runs == 4) cancellation.cancel()
            }
        }
        assertEquals(4, runs)
        assertFailsWith<IllegalArgumentException> { Benchmark(runs = 0) }
        assertFailsWith<IllegalArgumentException> { Benchmark(warmUp = -1) }
    }
}
