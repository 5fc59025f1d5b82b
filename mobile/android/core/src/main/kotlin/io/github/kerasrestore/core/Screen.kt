package io.github.kerasrestore.core

/**
 * The main screen as a value: what it shows follows from it alone, and [on]
 * is the only way that it changes.
 *
 * @property phase what is going on.
 * @property picture where the picture is, as the app names it.
 * @property width of the picture, upright, 0 before it was opened.
 * @property height of the picture, upright, 0 before it was opened.
 * @property settings what the next restoration is made with.
 * @property result file of the restored picture.
 * @property resultSettings what [result] was made with.
 * @property saving whether the result is being kept.
 * @property saved name under which the result was kept.
 * @property saveError why it could not be kept.
 * @property job number of the latest background job.
 */
data class Screen(
    val phase: Phase = Phase.Start,
    val picture: String? = null,
    val width: Int = 0,
    val height: Int = 0,
    val settings: Settings = Settings(),
    val result: String? = null,
    val resultSettings: Settings? = null,
    val saving: Boolean = false,
    val saved: String? = null,
    val saveError: String? = null,
    val job: Int = 0,
) {
    /** Whether background work is under way. */
    val isBusy: Boolean
        get() = phase is Phase.Loading || phase is Phase.Restoring

    /** Whether [Event.Restore] does something. */
    val canRestore: Boolean
        get() = width > 0 && when (phase) {
            Phase.Ready, is Phase.Failed -> true
            Phase.Done -> settings != resultSettings
            else -> false
        }

    /** Whether [Event.Save] does something. */
    val canSave: Boolean
        get() = phase == Phase.Done && !saving

    /** What follows from an event. */
    fun on(event: Event): Transition = when (event) {
        is Event.Picked -> pick(event.picture)
        is Event.Loaded -> loaded(event)
        Event.Restore -> restore()
        is Event.Progressed -> progressed(event)
        is Event.Restored -> restored(event)
        Event.Cancel -> cancel()
        is Event.Failed -> failed(event)
        Event.Dismissed -> dismiss()
        Event.Save -> save()
        is Event.Saved -> saved(name = event.name, error = null)
        is Event.SaveFailed -> saved(name = null, error = event.sentence)
        is Event.ModelChosen -> chooseModel(event)
        is Event.AcceleratorChosen ->
            taking(settings.copy(accelerator = event.accelerator))
        is Event.StrengthChanged -> changeStrength(event.strength)
        is Event.SigmaChanged -> changeSigma(event.sigma)
    }

    private fun pick(picture: String): Transition {
        val next = Screen(
            phase = Phase.Loading(),
            picture = picture,
            settings = settings,
            saving = saving,
            job = job + 1,
        )
        return Transition(
            next, stop() + delete(result) + Effect.Load(next.job, picture),
        )
    }

    private fun loaded(event: Event.Loaded): Transition {
        val loading = phase as? Phase.Loading
        if (loading == null || event.job != job) return stay()
        val next = copy(width = event.width, height = event.height)
        return when {
            result != null -> Transition(next.copy(phase = Phase.Done))
            loading.thenRestore ->
                next.copy(phase = Phase.Ready).restore()
            else -> Transition(next.copy(phase = Phase.Ready))
        }
    }

    private fun restore(): Transition {
        if (!canRestore) return stay()
        val next = copy(
            phase = Phase.Restoring(settings),
            result = null,
            resultSettings = null,
            saved = null,
            saveError = null,
            job = job + 1,
        )
        return Transition(
            next,
            delete(result) + Effect.Restore(next.job, picture!!, settings),
        )
    }

    private fun progressed(event: Event.Progressed): Transition {
        val restoring = phase as? Phase.Restoring
        if (restoring == null || event.job != job) return stay()
        val phase = restoring.copy(progress = event.progress)
        return Transition(copy(phase = phase))
    }

    private fun restored(event: Event.Restored): Transition {
        val restoring = phase as? Phase.Restoring
        if (restoring == null || event.job != job) {
            // Too late to be of use, and the file must not be left behind.
            if (event.result == result) return stay()
            return Transition(this, delete(event.result))
        }
        return Transition(
            copy(
                phase = Phase.Done,
                result = event.result,
                resultSettings = restoring.settings,
            ),
        )
    }

    private fun cancel(): Transition = when (phase) {
        is Phase.Loading -> Transition(
            Screen(settings = settings, saving = saving, job = job),
            stop() + delete(result),
        )
        is Phase.Restoring -> Transition(copy(phase = Phase.Ready), stop())
        else -> stay()
    }

    private fun failed(event: Event.Failed): Transition {
        if (!isBusy || event.job != job) return stay()
        val failed = Phase.Failed(event.sentence)
        if (phase is Phase.Restoring) return Transition(copy(phase = failed))
        return Transition(
            Screen(failed, settings = settings, saving = saving, job = job),
            delete(result),
        )
    }

    private fun dismiss(): Transition {
        val next = copy(saved = null, saveError = null)
        if (phase !is Phase.Failed) return Transition(next)
        val phase = if (width > 0) Phase.Ready else Phase.Start
        return Transition(next.copy(phase = phase))
    }

    private fun save(): Transition {
        if (!canSave) return stay()
        return Transition(
            copy(saving = true, saved = null, saveError = null),
            listOf(Effect.Save(result!!, picture!!)),
        )
    }

    private fun saved(name: String?, error: String?): Transition {
        if (!saving) return stay()
        return Transition(
            copy(saving = false, saved = name, saveError = error),
        )
    }

    private fun chooseModel(event: Event.ModelChosen): Transition {
        val sigma = event.sigmas?.let {
            (settings.sigma ?: USUAL_SIGMA).coerceIn(it)
        }
        val strength = if (event.enlarges) 1.0 else settings.strength
        return taking(
            settings.copy(
                model = event.model, strength = strength, sigma = sigma,
            ),
        )
    }

    private fun changeStrength(strength: Double): Transition {
        if (strength.isNaN()) return stay()
        val most = RestoreOptions.MAX_STRENGTH
        return taking(settings.copy(strength = strength.coerceIn(0.0, most)))
    }

    private fun changeSigma(sigma: Double): Transition {
        // A model that takes no noise level is told none.
        if (sigma.isNaN() || settings.sigma == null) return stay()
        return taking(settings.copy(sigma = sigma.coerceIn(0.0, 255.0)))
    }

    private fun taking(settings: Settings) =
        Transition(copy(settings = settings))

    private fun stay() = Transition(this)

    private fun stop(): List<Effect> =
        if (isBusy) listOf(Effect.Stop(job)) else emptyList()

    private fun delete(result: String?): List<Effect> =
        if (result == null) emptyList() else listOf(Effect.Delete(result))

    private companion object {
        // Where the slider of the noise level stands at first.
        const val USUAL_SIGMA = 25.0
    }
}
