package io.github.kerasrestore.core

import java.io.IOException

/** What is said of something that went wrong, in one sentence. */
fun sentenceOf(error: Throwable): String = when (error) {
    is Refusal -> error.sentence
    is OutOfMemoryError ->
        "There is not enough memory for this picture; close other apps or " +
            "make it smaller."
    is IOException ->
        "A file could not be read or written${reason(error)}; look whether " +
            "there is room on the device."
    is SecurityException ->
        "This picture may not be opened any more; choose it again."
    else ->
        "Something went wrong${reason(error)}; try again or choose another " +
            "picture."
}

private fun reason(error: Throwable): String {
    val text = error.message.orEmpty()
        .map { if (it.isISOControl()) ' ' else it }
        .joinToString("")
        .trim()
        .trimEnd('.')
    return if (text.isEmpty()) "" else " (${text.take(200)})"
}
