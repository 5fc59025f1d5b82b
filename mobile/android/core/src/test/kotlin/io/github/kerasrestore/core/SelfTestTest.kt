package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject

class SelfTestTest {
    @Test
    fun `the known image is the one of the sidecars`() {
        for (type in listOf("float32", "uint8")) {
            val sidecar = Sidecars.color("io" to Sidecars.io(type, type))
            val image = SelfTest.restoredImage(sidecar, identity(sidecar))
            for (index in image.indices) {
                val c = index % 3
                val x = index / 3 % 20
                val y = index / 3 / 20
                val byte = (3 * x * x + 5 * x * y + 7 * y * y + 31 * c) % 256
                assertEquals(byteToFloat(byte), image[index])
            }
        }
    }

    @Test
    fun `the answer is compared within the tolerance`() {
        // At row 2, column 1: 3 + 10 + 28 = 41.
        val right = sidecar(41 / 255.0 + 0.0009)
        SelfTest.run(right, identity(right))
        val wrong = sidecar(41 / 255.0 + 0.0011)
        val error = assertFailsWith<Refusal> {
            SelfTest.run(wrong, identity(wrong), "It")
        }
        assertSentence(error.sentence)
        assertTrue("[0.1608] instead of [0.1619]" in error.sentence)
        // Without an answer, the model has to run all the same.
        val silent = Sidecars.of()
        val engine = identity(silent)
        SelfTest.run(silent, engine)
        assertEquals(1, engine.runs)
        assertEquals(27.5f, engine.lastSigma)
    }

    @Test
    fun `processors are compared in steps of a byte`() {
        val sidecar = Sidecars.of()
        val cpu = identity(sidecar)
        fun gpu(error: Float) = FakeEngine(sidecar) { tile, _ ->
            tile.also { it[5] += error }
        }
        val same = OutputCheck.run(sidecar, cpu, gpu(0f))
        assertEquals(OutputCheck(0.0, 0.0), same)
        assertTrue(same.agrees)
        assertEquals(
            "The GPU restores as the CPU does (0.00 of 255 steps at most, " +
                "0.00 in the mean).",
            same.verdict,
        )
        val other = OutputCheck.run(sidecar, cpu, gpu(0.5f))
        assertEquals(127.5, other.largest, 0.001)
        assertEquals(127.5 / 480, other.mean, 0.001)
        assertTrue(!other.agrees)
        assertTrue(other.verdict.endsWith("use the CPU."))
        // A little everywhere is seen as well.
        assertTrue(!OutputCheck(1.0, 0.6).agrees)
        assertTrue(OutputCheck(4.9, 0.4).agrees)
    }

    private fun sidecar(value: Double): Sidecar {
        val pixel = Sidecars.array(2, 1, JSONArray(listOf(value)))
        val test = JSONObject().put("sigma", 9).put("tolerance", 0.001)
            .put("pixels", JSONArray(listOf(pixel)))
        return Sidecars.of("self_test" to test)
    }

    private fun identity(sidecar: Sidecar) =
        FakeEngine(sidecar) { tile, _ -> tile }
}
