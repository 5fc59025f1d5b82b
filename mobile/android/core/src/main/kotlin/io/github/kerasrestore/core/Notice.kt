package io.github.kerasrestore.core

/**
 * What is told outside the app while a picture is being restored.
 *
 * @property percent how far it is, `null` before the first tile is done.
 */
data class Notice(val percent: Int?) {
    companion object {
        /** What to tell of a screen, `null` when nothing is under way. */
        fun of(screen: Screen): Notice? {
            val phase = screen.phase
            val loading = phase as? Phase.Loading
            if (loading?.thenRestore == true) return Notice(null)
            val progress = (phase as? Phase.Restoring ?: return null).progress
            return Notice(progress?.takeIf { it.done > 0 }?.percent)
        }

        /**
         * Whether the work takes so long that whoever waits may want to be
         * told of it elsewhere.
         */
        fun isWanted(screen: Screen): Boolean {
            val progress = (screen.phase as? Phase.Restoring)?.progress
            return (progress?.secondsLeft ?: 0.0) >= LONG_SECONDS
        }

        private const val LONG_SECONDS = 20.0
    }
}
