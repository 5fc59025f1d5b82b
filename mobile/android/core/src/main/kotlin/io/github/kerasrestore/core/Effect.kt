package io.github.kerasrestore.core

/**
 * What the app has to do after an event, in this order, on one worker: what
 * was asked for earlier is done before.
 */
sealed class Effect {
    /** Stop the job; it says nothing any more. */
    data class Stop(val job: Int) : Effect()

    /** Open the picture; then [Event.Loaded] or [Event.Failed]. */
    data class Load(val job: Int, val picture: String) : Effect()

    /**
     * Restore the picture; [Event.Progressed], then [Event.Restored] or
     * [Event.Failed].
     *
     * The file of the result has a name that no other job uses: a late result
     * is deleted by its name.
     */
    data class Restore(
        val job: Int,
        val picture: String,
        val settings: Settings,
    ) : Effect()

    /** Keep the result; then [Event.Saved] or [Event.SaveFailed]. */
    data class Save(val result: String, val picture: String) : Effect()

    /** Delete a result that nobody needs. */
    data class Delete(val result: String) : Effect()
}
