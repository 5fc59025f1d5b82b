package io.github.kerasrestore.app

import android.app.Activity
import android.os.Build
import android.view.View
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView
import io.github.kerasrestore.app.work.Workshop
import io.github.kerasrestore.core.Accelerator
import io.github.kerasrestore.core.Event
import io.github.kerasrestore.core.ModelEntry
import kotlin.math.ceil
import kotlin.math.roundToInt

/**
 * The model, the processor, the strength and the noise level.
 *
 * @param activity that shows them.
 * @param workshop that is told of them.
 * @param models that can be chosen.
 */
class SettingsPanel(
    private val activity: Activity,
    private val workshop: Workshop,
    private val models: List<ModelEntry>,
) {
    private val model: Spinner = activity.findViewById(R.id.model)
    private val accelerator: Spinner = activity.findViewById(R.id.accelerator)
    private val note: TextView = activity.findViewById(R.id.note)
    private val strength: SeekBar = activity.findViewById(R.id.strength)
    private val strengthValue: TextView =
        activity.findViewById(R.id.strength_value)
    private val sigma: SeekBar = activity.findViewById(R.id.sigma)
    private val sigmaValue: TextView = activity.findViewById(R.id.sigma_value)
    private val sigmaRow: View = activity.findViewById(R.id.sigma_row)

    init {
        model.fill(models.map { it.title })
        model.show(models.indexOf(workshop.model))
        model.onChoice {
            if (models[it] != workshop.model) workshop.choose(models[it])
        }
        accelerator.onChoice { workshop.choose(Accelerator.values()[it]) }
        strength.onMove {
            workshop.dispatch(Event.StrengthChanged(it / PERCENT))
        }
        sigma.onMove { workshop.dispatch(Event.SigmaChanged(it.toDouble())) }
    }

    /** Shows what is set. */
    fun render() {
        val settings = workshop.screen.settings
        model.show(models.indexOf(workshop.model))
        accelerator.show(settings.accelerator.ordinal)
        renderNote()
        val percent = (settings.strength * PERCENT).roundToInt()
        val text = activity.getString(R.string.strength_value, percent)
        // What enlarges a picture has no strength.
        strength.isEnabled = workshop.sidecar?.scale == 1
        strength.show(percent, text, strengthValue)
        renderSigma(settings.sigma)
    }

    private fun renderNote() {
        val comparing = activity.getString(R.string.gpu_checking)
        val said = if (workshop.comparing) comparing else workshop.note
        note.hide(said == null)
        note.say(said.orEmpty())
    }

    private fun renderSigma(level: Double?) {
        val range = workshop.sidecar?.takeIf { it.sigmaInput }
        val hidden = level == null || range == null
        sigmaRow.hide(hidden)
        sigma.hide(hidden)
        if (level == null || range == null) return
        sigma.min = ceil(range.sigmaLow).toInt()
        sigma.max = range.sigmaHigh.toInt()
        val whole = level.roundToInt()
        val text = activity.getString(R.string.sigma_value, whole)
        sigma.show(whole, text, sigmaValue)
    }

    private fun SeekBar.show(value: Int, text: String, label: TextView) {
        progress = value
        label.text = text
        // Screen readers would otherwise tell the share of its way.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            stateDescription = text
        }
    }

    private companion object {
        const val PERCENT = 100.0
    }
}
