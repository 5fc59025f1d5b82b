package io.github.kerasrestore.core

/**
 * What happens to the screen.
 *
 * Events of background work carry the number of the job that they belong to:
 * a late word of a job that nobody waits for changes nothing.
 */
sealed class Event {
    /** A picture was picked or shared with the app. */
    data class Picked(val picture: String) : Event()

    /** The picture was opened. */
    data class Loaded(val job: Int, val width: Int, val height: Int) : Event()

    /** The button was pressed. */
    object Restore : Event()

    /** The restoration got on. */
    data class Progressed(val job: Int, val progress: Progress) : Event()

    /** The restored picture is in the file [result]. */
    data class Restored(val job: Int, val result: String) : Event()

    /** Opening or restoring is not wanted any more. */
    object Cancel : Event()

    /** Opening or restoring went wrong. */
    data class Failed(val job: Int, val sentence: String) : Event()

    /** The sentence was read. */
    object Dismissed : Event()

    /** The result is to be kept. */
    object Save : Event()

    /** The result was kept under a name. */
    data class Saved(val name: String) : Event()

    /** The result could not be kept. */
    data class SaveFailed(val sentence: String) : Event()

    /**
     * Another model was chosen.
     *
     * @property sigmas noise levels that it knows, `null` if it takes none.
     * @property enlarges whether it does, so that it has no strength.
     */
    data class ModelChosen(
        val model: String,
        val sigmas: ClosedFloatingPointRange<Double>?,
        val enlarges: Boolean = false,
    ) : Event()

    /** Another processor was chosen. */
    data class AcceleratorChosen(val accelerator: Accelerator) : Event()

    /** The slider of the strength was moved. */
    data class StrengthChanged(val strength: Double) : Event()

    /** The slider of the noise level was moved. */
    data class SigmaChanged(val sigma: Double) : Event()
}
