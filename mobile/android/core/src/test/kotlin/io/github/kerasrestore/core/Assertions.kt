package io.github.kerasrestore.core

import kotlin.test.assertTrue

/** One sentence: no line breaks, and it ends as sentences do. */
fun assertSentence(text: String) {
    assertTrue(text.endsWith("."), text)
    assertTrue(text.first().isLetterOrDigit(), text)
    assertTrue(text.none { it.isISOControl() }, text)
    assertTrue(text.length < 400, text)
}
