package io.github.kerasrestore.core

/**
 * A wish to stop, from any thread; the work looks at it after every tile.
 */
class Cancellation {
    @Volatile
    private var wished = false

    /** Whether [cancel] was called. */
    val isCancelled: Boolean
        get() = wished

    /** Asks the work to stop. */
    fun cancel() {
        wished = true
    }

    /**
     * Goes on, or does not.
     *
     * @throws Cancelled after [cancel].
     */
    fun check() {
        if (wished) throw Cancelled()
    }
}
