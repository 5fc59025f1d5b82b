package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONObject

class RoundingTest {
    private val goldens = JSONObject(Goldens.text("rounding.json"))

    @Test
    fun `values become the bytes of the goldens`() {
        val pairs = goldens.getJSONArray("to_byte")
        for (index in 0 until pairs.length()) {
            val (value, byte) = pairs.getJSONArray(index).doubles()
            assertEquals(byte.toInt(), floatToByte(value.toFloat()), "$value")
        }
    }

    @Test
    fun `bytes become the values of the goldens`() {
        val pairs = goldens.getJSONArray("to_float")
        assertEquals(256, pairs.length())
        for (index in 0 until 256) {
            val (byte, value) = pairs.getJSONArray(index).doubles()
            assertEquals(value.toFloat(), byteToFloat(byte.toInt()))
        }
    }

    @Test
    fun `every byte comes back`() {
        for (byte in 0..255) assertEquals(byte, floatToByte(byteToFloat(byte)))
    }

    @Test
    fun `infinite values are clipped and no number is refused`() {
        assertEquals(255, floatToByte(Float.POSITIVE_INFINITY))
        assertEquals(0, floatToByte(Float.NEGATIVE_INFINITY))
        assertFailsWith<IllegalArgumentException> { floatToByte(Float.NaN) }
    }
}
