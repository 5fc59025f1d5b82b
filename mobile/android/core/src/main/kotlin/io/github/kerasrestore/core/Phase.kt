package io.github.kerasrestore.core

/** What the screen shows. */
sealed class Phase {
    /** Nothing yet. */
    object Start : Phase()

    /**
     * A picture is being opened.
     *
     * @property thenRestore whether it is restored at once, because it was
     *   being restored when the app was killed.
     */
    data class Loading(val thenRestore: Boolean = false) : Phase()

    /** A picture that can be restored. */
    object Ready : Phase()

    /**
     * A picture is being restored.
     *
     * @property settings what it is restored with.
     * @property progress how far it is, `null` before the first word.
     */
    data class Restoring(
        val settings: Settings,
        val progress: Progress? = null,
    ) : Phase()

    /** A picture and the restored one. */
    object Done : Phase()

    /**
     * Something went wrong.
     *
     * @property sentence what and what to do.
     */
    data class Failed(val sentence: String) : Phase()
}
