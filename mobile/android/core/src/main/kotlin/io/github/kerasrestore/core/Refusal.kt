package io.github.kerasrestore.core

/**
 * Something that cannot be done, told in one sentence for whoever holds the
 * phone: what is wrong and what to do about it.
 *
 * @property sentence the sentence.
 */
class Refusal(val sentence: String, cause: Throwable? = null) :
    RuntimeException(sentence, cause)
