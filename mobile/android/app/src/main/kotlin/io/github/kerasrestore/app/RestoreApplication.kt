package io.github.kerasrestore.app

import android.app.Application
import io.github.kerasrestore.app.work.BenchmarkRunner
import io.github.kerasrestore.app.work.Workshop

/** Holds what outlives the activities. */
class RestoreApplication : Application() {
    /** The photo in work. */
    val workshop by lazy { Workshop(this) }

    /** The measurement in work. */
    val benchmark by lazy { BenchmarkRunner(workshop.worker, workshop.models) }

    override fun onTrimMemory(level: Int) {
        super.onTrimMemory(level)
        if (level >= TRIM_MEMORY_BACKGROUND) workshop.trim()
    }
}
