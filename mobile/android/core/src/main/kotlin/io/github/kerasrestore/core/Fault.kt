package io.github.kerasrestore.core

/** What is wrong with a JSON file, as a part of a sentence. */
internal class Fault(message: String, cause: Throwable? = null) :
    RuntimeException(message, cause)
