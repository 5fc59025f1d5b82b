package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject

class SidecarTest {
    @Test
    fun `a valid sidecar is read`() {
        val sidecar = Sidecars.color(
            "tile" to Sidecars.array(384.0, 256),
            "self_test" to selfTest(pixel(1, 2, 0.1, 0.2, 0.3)),
        )
        assertEquals("tiny", sidecar.name)
        assertEquals(384 to 256, sidecar.tileHeight to sidecar.tileWidth)
        assertEquals(384 * 256 * 3, sidecar.imageSize)
        assertEquals(false, sidecar.dynamic)
        assertEquals(0.0 to 55.0, sidecar.sigmaLow to sidecar.sigmaHigh)
        assertEquals(
            SelfTest.Pixel(1, 2, listOf(0.1, 0.2, 0.3)),
            sidecar.selfTest?.pixels?.single(),
        )
    }

    @Test
    fun `what may be left out may be left out`() {
        val sidecar = Sidecars.of("border" to null, "rounding" to null)
        assertEquals(null, sidecar.selfTest)
        assertTrue(Sidecars.of("dynamic" to true).dynamic)
        assertEquals("tiny", Sidecars.of("a_new_field" to 7).name)
    }

    @Test
    fun `no field that is wanted may be missing`() {
        for (key in Sidecars.json().keySet() - setOf("border", "rounding")) {
            assertRefused("has no '$key'", key to null)
        }
    }

    @Test
    fun `fields are of their type and in their range`() {
        val wrong = mapOf(
            "name" to listOf(3, "", "two\nlines", "x".repeat(201)),
            "task" to listOf("No Task", 1, JSONObject.NULL),
            "channels" to listOf(2, "3", 0, 1.5, true),
            "color_order" to listOf("BGR", 3),
            "scale" to listOf(0, 9, "1"),
            "value_range" to listOf(1, list(0, 255), list(0), list("0", 1)),
            "size_multiple" to listOf(0, 257),
            "receptive_field" to listOf(-1, 16385),
            "halo" to listOf(-1, 8193),
            "tile" to listOf(24, list(24), list(0, 24), list(24, 20, 3)),
            "dynamic" to listOf("true", 1),
            "border" to listOf("zero"),
            "rounding" to listOf("up"),
            "sigma_input" to listOf("false", 0),
            "sigma_range" to listOf(list(0), list(-1, 5), list(0, 256)),
            "quantization" to listOf("int4", 8),
            "quantization_method" to listOf("guessed"),
            "io" to listOf("float32", JSONObject("{\"image\": \"float32\"}")),
            "macs" to listOf(-1, 0.5, 1e300),
            "memory_bytes" to listOf(-1, "2"),
            "op_counts" to listOf(list(1), JSONObject("{\"ADD\": -1}")),
            "sha256" to listOf("00", "G".repeat(64), Sidecars.SHA256 + "\n"),
            "license" to listOf(7, JSONObject.NULL),
            "quality" to listOf("good", JSONArray()),
            "versions" to listOf(3, JSONObject("{\"keras\": 3}")),
            "self_test" to listOf(3, selfTest(), selfTest(list(1, 2))),
        )
        for ((key, values) in wrong) for (value in values) {
            assertRefused("'", key to value)
        }
    }

    @Test
    fun `fields do not contradict each other`() {
        assertRefused("multiples of 16", "size_multiple" to 16, "halo" to 0)
        assertRefused("does not fit a tile", "halo" to 10)
        assertRefused(
            "does not fit a tile",
            "halo" to 5, "size_multiple" to 2, "receptive_field" to 11,
            "tile" to list(24, 20),
        )
        assertRefused("receptive field of 9", "halo" to 5)
        assertRefused("sees the whole", "receptive_field" to 0, "halo" to 6)
        assertRefused("wanted is RGB", "channels" to 3)
        assertRefused("do not agree", "sigma_input" to true)
        assertRefused(
            "do not agree", "io" to Sidecars.io("float32", "float32", true),
        )
        assertRefused("lower level first", "sigma_range" to list(9, 5))
        for (pixel in listOf(
            pixel(24, 0, 0.5), pixel(0, 20, 0.5), pixel(0, 0, 0.5, 0.5),
        )) {
            assertRefused("out of a tile", "self_test" to selfTest(pixel))
        }
    }

    @Test
    fun `a newer format says so before anything else`() {
        assertRefused("which this version reads", "format" to 2, "tile" to 0)
        assertRefused("which this version reads", "format" to "1")
    }

    @Test
    fun `what is no JSON object is refused`() {
        val texts = listOf(
            "", " ", "null", "[]", "7", "{", "{\"a\" 1}", "\u0000",
            "[".repeat(100_000), "{\"a\":".repeat(100_000),
            Sidecars.json().toString() + "x",
            " ".repeat(2_000_000) + "{}",
        )
        for (text in texts) {
            val error = assertFailsWith<Refusal> { Sidecar.parse(text, "It") }
            assertSentence(error.sentence)
            assertTrue("not readable" in error.sentence, error.sentence)
        }
        // Numbers that are none.
        for (number in listOf("1e999", "NaN", "Infinity", "-1e999")) {
            val text = Sidecars.json("halo" to "@").toString()
                .replace("\"@\"", number)
            val error = assertFailsWith<Refusal> { Sidecar.parse(text) }
            assertSentence(error.sentence)
        }
    }

    private fun assertRefused(
        part: String,
        vararg changes: Pair<String, Any?>,
    ) {
        val text = Sidecars.json(*changes).toString()
        val error = assertFailsWith<Refusal>(text) { Sidecar.parse(text) }
        assertSentence(error.sentence)
        assertTrue(part in error.sentence, "$part: ${error.sentence}")
    }

    private fun list(vararg values: Any) = Sidecars.array(*values)

    private fun selfTest(vararg pixels: JSONArray) = JSONObject()
        .put("sigma", 27.5)
        .put("tolerance", 0.001)
        .put("pixels", JSONArray(pixels.toList()))

    private fun pixel(row: Int, column: Int, vararg values: Double) =
        list(row, column, JSONArray(values.toList()))
}
