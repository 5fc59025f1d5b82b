package io.github.kerasrestore.app

import android.app.Activity
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.widget.TextView
import io.github.kerasrestore.app.work.BenchmarkRunner
import io.github.kerasrestore.core.sentenceOf

/** Says what the app is and whose work is in it. */
class AboutActivity : Activity() {
    private val main = Handler(Looper.getMainLooper())

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.about)
        setUpWindow()
        actionBar?.setDisplayHomeAsUpEnabled(true)
        val workshop = (application as RestoreApplication).workshop
        val models = workshop.models
        show(emptyList())
        workshop.reader.then {
            val licences = models.catalog.models.map { entry ->
                val licence = runCatching { models.sidecarOf(entry).license }
                val text = licence.getOrElse(::sentenceOf)
                getString(R.string.about_model, entry.title, text)
            }
            main.post { show(licences) }
        }
    }

    override fun onNavigateUp(): Boolean {
        finish()
        return true
    }

    private fun show(models: List<String>) {
        val parts = listOf(
            getString(R.string.about_text, BenchmarkRunner.VERSION),
            getString(R.string.about_models).uppercase(),
        ) + models + listOf(
            getString(R.string.about_libraries).uppercase(),
            getString(R.string.about_library_texts),
        )
        findViewById<TextView>(R.id.text).text = parts.joinToString("\n\n")
    }
}
