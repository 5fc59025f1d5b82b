package io.github.kerasrestore.app.work

import android.content.res.AssetManager
import io.github.kerasrestore.app.engine.LiteRtEngine
import io.github.kerasrestore.core.Accelerator
import io.github.kerasrestore.core.Engine
import io.github.kerasrestore.core.ModelCatalog
import io.github.kerasrestore.core.ModelEntry
import io.github.kerasrestore.core.OutputCheck
import io.github.kerasrestore.core.Refusal
import io.github.kerasrestore.core.SelfTest
import io.github.kerasrestore.core.Sidecar
import java.util.concurrent.ConcurrentHashMap

/**
 * The models of the app and the engine that is ready to run.
 *
 * Engines are for the worker's thread alone.
 *
 * @param assets where the models lie.
 */
class Models(private val assets: AssetManager) {
    private val sidecars = ConcurrentHashMap<String, Sidecar>()
    private val checks = mutableMapOf<String, OutputCheck>()

    // The engine that was used last, and whose it is.
    private var ready: Pair<ModelEntry, Engine>? = null

    /** What models there are. */
    val catalog: ModelCatalog by lazy { ModelCatalog.read(assets::open) }

    /**
     * The sidecar of a model whose files were found to belong together.
     *
     * @throws Refusal if they do not.
     */
    fun sidecarOf(entry: ModelEntry): Sidecar =
        sidecars.getOrPut(entry.name) {
            catalog.load(entry, open = assets::open).sidecar
        }

    /**
     * Works with an engine that restores as it should.
     *
     * @throws Refusal if the model does not run, does not give the known
     *   answer, or not the same one on both processors.
     */
    fun <T> use(
        entry: ModelEntry,
        accelerator: Accelerator,
        work: (Engine) -> T,
    ): T {
        if (accelerator == Accelerator.CPU) return work(cpuEngineOf(entry))
        close()
        val check = checkGpu(entry)
        if (!check.agrees) throw Refusal(check.verdict)
        // Made and closed by one thread, to which drivers may bind it; the
        // worker's thread ends when there is nothing to do.
        return create(entry, accelerator, THREADS).use { engine ->
            SelfTest.run(sidecarOf(entry), engine)
            work(engine)
        }
    }

    private fun cpuEngineOf(entry: ModelEntry): Engine {
        ready?.let { (of, engine) -> if (of == entry) return engine }
        close()
        val engine = create(entry, Accelerator.CPU, THREADS)
        var good = false
        try {
            SelfTest.run(sidecarOf(entry), engine)
            good = true
        } finally {
            if (!good) engine.close()
        }
        ready = entry to engine
        return engine
    }

    /** Whether the graphics processor gives what the main one does. */
    fun checkGpu(entry: ModelEntry): OutputCheck =
        checks.getOrPut(entry.name) {
            create(entry, Accelerator.CPU, THREADS).use { cpu ->
                create(entry, Accelerator.GPU, THREADS).use { gpu ->
                    OutputCheck.run(sidecarOf(entry), cpu, gpu)
                }
            }
        }

    /** A new engine, which the caller closes. */
    fun create(
        entry: ModelEntry,
        accelerator: Accelerator,
        threads: Int,
    ): Engine = try {
        LiteRtEngine.create(
            assets,
            entry.tflite,
            sidecarOf(entry),
            accelerator == Accelerator.GPU,
            threads,
        )
    } catch (error: LinkageError) {
        throw Refusal(
            "This copy of the app does not hold LiteRT, which runs the " +
                "models; install one that was built with Gradle.",
            error,
        )
    }

    /** Frees what the engine holds. */
    fun close() {
        ready?.second?.close()
        ready = null
    }

    companion object {
        /** Cores that phones have of the fast kind, or fewer. */
        val THREADS = Runtime.getRuntime().availableProcessors().coerceIn(1, 4)
    }
}
