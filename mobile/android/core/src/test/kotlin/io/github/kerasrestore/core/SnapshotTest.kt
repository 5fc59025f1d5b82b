package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals

class SnapshotTest {
    private val settings = Settings("m", Accelerator.GPU, 1.25, 17.5)
    private val ready = Screen(
        Phase.Ready, "a.jpg", 40, 30, settings, job = 4,
    )

    private fun restored(screen: Screen, exists: Boolean = true) =
        Snapshot.restore(Snapshot.of(screen)) { exists }

    @Test
    fun `nothing comes back as nothing, with its settings`() {
        val start = Screen(settings = settings)
        assertEquals(Transition(start), restored(start))
        val empty = Snapshot.restore(emptyMap()) { true }
        assertEquals(Transition(Screen()), empty)
    }

    @Test
    fun `a picture is opened again`() {
        val transition = restored(ready)
        assertEquals(Phase.Loading(), transition.screen.phase)
        assertEquals(listOf(Effect.Load(5, "a.jpg")), transition.effects)
        val again = transition.screen.on(Event.Loaded(5, 40, 30)).screen
        assertEquals(ready.copy(job = 5), again)
    }

    @Test
    fun `a restoration that was cut off begins again`() {
        val screen = ready.on(Event.Restore).screen
        val loading = restored(screen).screen
        assertEquals(Phase.Loading(thenRestore = true), loading.phase)
        // And once more, if that was cut off as well.
        assertEquals(loading.phase, restored(loading).screen.phase)
        val transition = loading.on(Event.Loaded(loading.job, 40, 30))
        assertEquals(Phase.Restoring(settings), transition.screen.phase)
        assertEquals(
            listOf(Effect.Restore(loading.job + 1, "a.jpg", settings)),
            transition.effects,
        )
    }

    @Test
    fun `a result that is still there is shown again`() {
        val done = ready.copy(
            phase = Phase.Done,
            result = "r",
            resultSettings = settings.copy(strength = 0.5, sigma = null),
            saved = "x.png",
        )
        val screen = restored(done).screen
        val again = screen.on(Event.Loaded(screen.job, 40, 30)).screen
        assertEquals(done.copy(job = 5), again)
        val gone = restored(done, exists = false).screen
        val without = gone.on(Event.Loaded(gone.job, 40, 30)).screen
        assertEquals(Phase.Ready, without.phase)
        assertEquals(null, without.result)
        assertEquals(null, without.saved)
    }

    @Test
    fun `an error without a picture is shown again`() {
        val failed = Screen(Phase.Failed("No."), settings = settings)
        assertEquals(Transition(failed), restored(failed))
    }

    @Test
    fun `texts that make no sense are left out`() {
        val texts = mapOf(
            "job" to "many", "accelerator" to "TPU", "strength" to "NaN",
            "sigma" to "-3", "model" to "m", "width" to "9",
        )
        assertEquals(
            Screen(settings = Settings("m")),
            Snapshot.restore(texts) { true }.screen,
        )
    }
}
