package io.github.kerasrestore.app.work

import android.os.Build
import android.os.Handler
import android.os.Looper
import io.github.kerasrestore.core.Accelerator
import io.github.kerasrestore.core.Benchmark
import io.github.kerasrestore.core.BenchmarkResult
import io.github.kerasrestore.core.Cancellation
import io.github.kerasrestore.core.Cancelled
import io.github.kerasrestore.core.ModelEntry
import io.github.kerasrestore.core.SelfTest
import io.github.kerasrestore.core.Sidecar
import io.github.kerasrestore.core.TileBuffers
import io.github.kerasrestore.core.Worker
import io.github.kerasrestore.core.sentenceOf

/**
 * Measures how long a tile takes, whichever activity shows it.
 *
 * For the main thread; the measurement waits for its turn on the worker.
 *
 * @param worker that also restores, as both at once would measure neither.
 * @param models of the app.
 */
class BenchmarkRunner(
    private val worker: Worker,
    private val models: Models,
) {
    /** What is measured. */
    data class Order(
        val entry: ModelEntry,
        val accelerator: Accelerator,
        val threads: Int,
        val runs: Int,
    )

    /** What came out. */
    class Outcome(
        val result: BenchmarkResult,
        val sidecar: Sidecar,
        val json: String,
    )

    /** Runs that are done and that there are, `null` when nothing runs. */
    var progress: Pair<Int, Int>? = null
        private set

    /** The last measurement. */
    var outcome: Outcome? = null
        private set

    /** Why there is none. */
    var failure: String? = null
        private set

    /** Called when anything has changed. */
    var onChange: () -> Unit = {}

    private val main = Handler(Looper.getMainLooper())
    private var wish = Cancellation()

    /** Begins to measure. */
    fun measure(order: Order) {
        if (progress != null) return
        val wish = Cancellation().also { this.wish = it }
        progress = 0 to 0
        outcome = null
        failure = null
        onChange()
        worker.then {
            val measured = runCatching { run(order, wish) }
            main.post {
                progress = null
                outcome = measured.getOrNull()
                failure = measured.exceptionOrNull()
                    ?.takeUnless { it is Cancelled }
                    ?.let(::sentenceOf)
                onChange()
            }
        }
    }

    /** Stops before the next run. */
    fun cancel() = wish.cancel()

    private fun run(order: Order, wish: Cancellation): Outcome {
        wish.check()
        // Two engines in memory at once would slow each other down.
        models.close()
        val sidecar = models.sidecarOf(order.entry)
        val result = models.create(
            order.entry, order.accelerator, order.threads,
        ).use { engine ->
            val buffers = TileBuffers(sidecar)
            SelfTest.writeImage(sidecar, buffers.image)
            val sigma = sidecar.sigmaHigh.toFloat()
            val pixels = sidecar.tileWidth.toLong() * sidecar.tileHeight
            Benchmark(WARM_UP, order.runs).measure(
                pixels,
                wish,
                { done, total ->
                    main.post {
                        if (progress != null) progress = done to total
                        onChange()
                    }
                },
            ) { engine.run(buffers.image, sigma, buffers.restored) }
        }
        return Outcome(result, sidecar, result.toJson(factsOf(order)))
    }

    private fun factsOf(order: Order) = mapOf(
        "device" to "${Build.MANUFACTURER} ${Build.MODEL}",
        "android" to Build.VERSION.RELEASE,
        "sdk" to Build.VERSION.SDK_INT.toString(),
        "abi" to Build.SUPPORTED_ABIS.first(),
        "model" to order.entry.name,
        "sha256" to order.entry.sha256,
        "accelerator" to order.accelerator.name,
        "threads" to order.threads.toString(),
        "app" to VERSION,
    )

    companion object {
        /** Of the app. */
        const val VERSION = "0.1.0"
        private const val WARM_UP = 5
    }
}
