package io.github.kerasrestore.core

import java.io.FileNotFoundException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class LimitsTest {
    @Test
    fun `pictures of up to 64 megapixels are taken`() {
        Limits.check(1, 1)
        Limits.check(8000, 8000)
        Limits.check(64_000_000, 1)
        for ((width, height) in listOf(
            8001 to 8000, 10_000 to 10_000, Int.MAX_VALUE to Int.MAX_VALUE,
            0 to 5, 5 to -1,
        )) {
            val error =
                assertFailsWith<Refusal> { Limits.check(width, height) }
            assertSentence(error.sentence)
        }
        Limits.check(4000, 4000, scale = 2)
        val larger =
            assertFailsWith<Refusal> { Limits.check(4001, 4000, scale = 2) }
        assertSentence(larger.sentence)
        assertEquals(
            "Enlarged 2 times on each side, this picture would have 64.0 " +
                "megapixels",
            larger.sentence.substringBefore(", more"),
        )
        // What decoders give as the size of a file that is no picture.
        val error = assertFailsWith<Refusal> { Limits.check(-1, -1) }
        assertEquals(Limits.NOT_AN_IMAGE, error.sentence)
    }

    @Test
    fun `previews are reduced by powers of two`() {
        assertEquals(1, Limits.sampleSize(2048, 1000, 2048))
        assertEquals(2, Limits.sampleSize(2049, 1000, 2048))
        assertEquals(4, Limits.sampleSize(8000, 6000, 2048))
        assertEquals(8, Limits.sampleSize(8000, 6000, 2048, 1_000_000))
        assertEquals(1, Limits.sampleSize(1, 1, 1))
        assertEquals(4, Limits.sampleSize(3, 3, 1))
        assertFailsWith<IllegalArgumentException> {
            Limits.sampleSize(9, 9, 0)
        }
    }

    @Test
    fun `whatever goes wrong is told in one sentence`() {
        val errors = listOf(
            Refusal("No."),
            OutOfMemoryError("x"),
            FileNotFoundException("/a/b (No such file)"),
            SecurityException("uri"),
            IllegalStateException("two\nlines."),
            NullPointerException(),
            RuntimeException("x".repeat(5000)),
        )
        for (error in errors) assertSentence(sentenceOf(error))
        assertEquals("No.", sentenceOf(errors[0]))
    }
}
