package io.github.kerasrestore.core

/**
 * A [Screen] as texts, to be kept while the app is not running.
 */
object Snapshot {
    /** What is to be kept. */
    fun of(screen: Screen): Map<String, String> {
        val texts = mutableMapOf("job" to screen.job.toString())
        screen.picture?.let { texts["picture"] = it }
        if (screen.phase is Phase.Restoring) texts["restoring"] = "true"
        val loading = screen.phase as? Phase.Loading
        if (loading?.thenRestore == true) texts["restoring"] = "true"
        val failed = screen.phase as? Phase.Failed
        failed?.let { texts["sentence"] = it.sentence }
        screen.result?.let { texts["result"] = it }
        screen.saved?.let { texts["saved"] = it }
        write(screen.settings, "", texts)
        screen.resultSettings?.let { write(it, "result_", texts) }
        return texts
    }

    /**
     * The screen as it goes on: the picture is opened again, a result that is
     * still there is shown again, a restoration that was cut off begins
     * again.
     *
     * @param texts what was kept; what is missing or makes no sense is left
     *   out.
     * @param exists whether the file of a result is there.
     */
    fun restore(
        texts: Map<String, String>,
        exists: (String) -> Boolean,
    ): Transition {
        val settings = readSettings("", texts)
        val job = texts["job"]?.toIntOrNull() ?: 0
        val picture = texts["picture"]
        val sentence = texts["sentence"]
        if (picture == null) {
            val phase = sentence?.let { Phase.Failed(it) } ?: Phase.Start
            return Transition(Screen(phase, settings = settings, job = job))
        }
        val result = texts["result"]?.takeIf(exists)
        val screen = Screen(
            phase = Phase.Loading(texts["restoring"] == "true"),
            picture = picture,
            settings = settings,
            result = result,
            resultSettings = result?.let { readSettings("result_", texts) },
            saved = texts["saved"].takeIf { result != null },
            job = job + 1,
        )
        return Transition(screen, listOf(Effect.Load(screen.job, picture)))
    }

    private fun write(
        settings: Settings,
        prefix: String,
        texts: MutableMap<String, String>,
    ) {
        settings.model?.let { texts[prefix + "model"] = it }
        texts[prefix + "accelerator"] = settings.accelerator.name
        texts[prefix + "strength"] = settings.strength.toString()
        settings.sigma?.let { texts[prefix + "sigma"] = it.toString() }
    }

    private fun readSettings(
        prefix: String,
        texts: Map<String, String>,
    ): Settings {
        val name = texts[prefix + "accelerator"]
        val most = RestoreOptions.MAX_STRENGTH
        return Settings(
            model = texts[prefix + "model"],
            accelerator = Accelerator.values().firstOrNull { it.name == name }
                ?: Accelerator.CPU,
            strength = number(texts[prefix + "strength"], most) ?: 1.0,
            sigma = number(texts[prefix + "sigma"], 255.0),
        )
    }

    private fun number(text: String?, most: Double): Double? =
        text?.toDoubleOrNull()?.takeIf { it in 0.0..most }
}
