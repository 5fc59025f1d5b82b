package io.github.kerasrestore.app

import android.app.Activity
import android.content.ClipData
import android.content.ClipboardManager
import android.os.Build
import android.os.Bundle
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import android.widget.Toast
import io.github.kerasrestore.app.work.BenchmarkRunner
import io.github.kerasrestore.app.work.Models
import io.github.kerasrestore.core.Accelerator

/** Measures a model on this device and copies the figures. */
class BenchmarkActivity : Activity() {
    private lateinit var runner: BenchmarkRunner
    private lateinit var texts: StatusText
    private lateinit var model: Spinner
    private lateinit var accelerator: Spinner
    private lateinit var threads: Spinner
    private lateinit var runs: Spinner
    private lateinit var measure: Button
    private lateinit var copy: Button
    private lateinit var status: TextView
    private lateinit var json: TextView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.benchmark)
        setUpWindow()
        actionBar?.setDisplayHomeAsUpEnabled(true)
        val app = application as RestoreApplication
        runner = app.benchmark
        texts = StatusText(resources)
        model = findViewById(R.id.model)
        accelerator = findViewById(R.id.accelerator)
        threads = findViewById(R.id.threads)
        runs = findViewById(R.id.runs)
        measure = findViewById(R.id.measure)
        copy = findViewById(R.id.copy)
        status = findViewById(R.id.status)
        json = findViewById(R.id.json)
        val catalog = app.workshop.models.catalog
        model.fill(catalog.models.map { it.title })
        val cores = Runtime.getRuntime().availableProcessors()
        threads.fill((1..cores).map(Int::toString))
        if (state == null) {
            model.setSelection(catalog.models.indexOf(app.workshop.model))
            threads.setSelection(Models.THREADS - 1)
            runs.setSelection(1)
        }
        // Threads are the main processor's.
        accelerator.onChoice {
            threads.isEnabled = Accelerator.values()[it] == Accelerator.CPU
        }
        measure.setOnClickListener {
            if (runner.progress != null) {
                runner.cancel()
            } else {
                runner.measure(
                    BenchmarkRunner.Order(
                        catalog.models[model.selectedItemPosition],
                        Accelerator.values()[accelerator.selectedItemPosition],
                        threads.selectedItemPosition + 1,
                        runs.selectedItem.toString().toInt(),
                    ),
                )
            }
        }
        copy.setOnClickListener { runner.outcome?.let { copy(it.json) } }
    }

    override fun onStart() {
        super.onStart()
        runner.onChange = ::render
        render()
    }

    override fun onStop() {
        runner.onChange = {}
        super.onStop()
    }

    override fun onDestroy() {
        if (isFinishing) runner.cancel()
        super.onDestroy()
    }

    override fun onNavigateUp(): Boolean {
        finish()
        return true
    }

    private fun render() {
        val progress = runner.progress
        val outcome = runner.outcome
        status.keepScreenOn = progress != null
        val label = if (progress == null) R.string.measure else R.string.cancel
        measure.setText(label)
        copy.hide(outcome == null)
        json.text = outcome?.json.orEmpty()
        status.text = when {
            progress == null -> runner.failure ?: outcome?.let(::told).orEmpty()
            progress.second == 0 -> getString(R.string.preparing)
            else -> getString(
                R.string.measuring, progress.first, progress.second,
            )
        }
    }

    private fun told(outcome: BenchmarkRunner.Outcome): String {
        val (result, sidecar) = outcome.result to outcome.sidecar
        return getString(
            R.string.measured,
            texts.number(result.median, 1),
            sidecar.tileWidth,
            sidecar.tileHeight,
            texts.number(result.megapixelsPerSecond, 2),
            texts.number(result.p90, 1),
        )
    }

    private fun copy(text: String) {
        val clipboard = getSystemService(ClipboardManager::class.java)
        val title = getString(R.string.benchmark)
        clipboard.setPrimaryClip(ClipData.newPlainText(title, text))
        // Android 13 and later say so themselves.
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) {
            Toast.makeText(this, R.string.copied, Toast.LENGTH_SHORT).show()
        }
    }
}
