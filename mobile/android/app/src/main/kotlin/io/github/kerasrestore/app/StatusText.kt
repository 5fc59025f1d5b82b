package io.github.kerasrestore.app

import android.content.res.Resources
import io.github.kerasrestore.app.photo.Encoder
import io.github.kerasrestore.app.work.Workshop
import io.github.kerasrestore.core.Phase
import io.github.kerasrestore.core.Progress
import java.util.Locale
import kotlin.math.roundToInt

/**
 * What the main screen says of its state.
 *
 * @param resources in the language of the screen.
 */
class StatusText(private val resources: Resources) {
    private val locale: Locale = resources.configuration.locales[0]

    /** The sentence for the state of the workshop. */
    fun of(workshop: Workshop): String {
        val screen = workshop.screen
        screen.saveError?.let { return it }
        screen.saved?.let { return saved(workshop, it) }
        if (screen.saving) return resources.getString(R.string.saving)
        return when (val phase = screen.phase) {
            Phase.Start -> resources.getString(R.string.hint_empty)
            is Phase.Loading -> resources.getString(R.string.opening)
            Phase.Ready -> ready(workshop)
            is Phase.Restoring -> running(phase.progress)
            Phase.Done -> done(workshop)
            is Phase.Failed -> phase.sentence
        }
    }

    /** A number with that many digits behind the point. */
    fun number(value: Double, digits: Int): String =
        String.format(locale, "%.${digits}f", value)

    private fun ready(workshop: Workshop): String {
        val screen = workshop.screen
        val megapixels = screen.width.toDouble() * screen.height / 1e6
        return resources.getString(
            R.string.ready, screen.width, screen.height, number(megapixels, 1),
        )
    }

    private fun running(progress: Progress?): String {
        if (progress == null || progress.done == 0) {
            return resources.getString(R.string.preparing)
        }
        return resources.getString(
            R.string.running,
            progress.percent,
            number(progress.megapixelsPerSecond, 2),
            time(progress.secondsLeft ?: 0.0),
        )
    }

    private fun time(seconds: Double): String {
        val whole = seconds.roundToInt()
        return if (whole < 2 * MINUTE) {
            resources.getString(R.string.seconds, whole)
        } else {
            val minutes = (seconds / MINUTE).roundToInt()
            resources.getString(R.string.minutes, minutes)
        }
    }

    private fun done(workshop: Workshop): String {
        val screen = workshop.screen
        if (screen.canRestore) return resources.getString(R.string.stale)
        // None after the app was stopped and came back.
        val progress = workshop.progress ?: return ready(workshop)
        return resources.getString(
            R.string.done,
            number(progress.megapixels, 1),
            number(progress.seconds, 1),
            number(progress.megapixelsPerSecond, 2),
        )
    }

    private fun saved(workshop: Workshop, name: String): String {
        val picture = workshop.after
        val large = picture != null && workshop.photo?.type == "image/jpeg" &&
            picture.fullWidth.toLong() * picture.fullHeight >
            Encoder.JPEG_PIXELS
        val text = if (large) R.string.saved_png else R.string.saved
        return resources.getString(text, name)
    }

    private companion object {
        const val MINUTE = 60
    }
}
