package io.github.kerasrestore.core

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class ScreenTest {
    private val start = Screen(settings = Settings(model = "m"))
    private val loading = start.after(Event.Picked("a.jpg"))
    private val ready = loading.after(Event.Loaded(1, 40, 30))
    private val restoring = ready.after(Event.Restore)
    private val done = restoring.after(Event.Restored(2, "r1"))
    private val failed = restoring.after(Event.Failed(2, "No."))
    private val progress = Progress(1, 4, 0.5, 0.1)

    private fun Screen.after(vararg events: Event): Screen =
        events.fold(this) { screen, event -> screen.on(event).screen }

    private fun assertEffects(transition: Transition, vararg effects: Effect) =
        assertEquals(effects.toList(), transition.effects)

    private fun assertStays(screen: Screen, vararg events: Event) {
        for (event in events) {
            assertEquals(Transition(screen), screen.on(event), "$event")
        }
    }

    @Test
    fun `a picture is picked, opened, restored and saved`() {
        assertEquals(Phase.Loading(), loading.phase)
        assertEffects(
            start.on(Event.Picked("a.jpg")), Effect.Load(1, "a.jpg"),
        )
        assertEquals(Phase.Ready, ready.phase)
        assertEquals(40 to 30, ready.width to ready.height)
        assertEffects(
            ready.on(Event.Restore), Effect.Restore(2, "a.jpg", ready.settings),
        )
        assertEquals(Phase.Restoring(ready.settings), restoring.phase)
        val later = restoring.after(Event.Progressed(2, progress))
        assertEquals(Phase.Restoring(ready.settings, progress), later.phase)
        assertEquals(Phase.Done, done.phase)
        assertEquals("r1", done.result)
        assertEquals(ready.settings, done.resultSettings)
        assertEffects(done.on(Event.Save), Effect.Save("r1", "a.jpg"))
        val saving = done.after(Event.Save)
        assertTrue(saving.saving)
        assertStays(saving, Event.Save)
        val saved = saving.after(Event.Saved("a_restored.png"))
        assertEquals("a_restored.png", saved.saved)
        assertEquals(Phase.Done, saved.phase)
        assertTrue(saved.canSave)
        assertEquals(null, saved.after(Event.Dismissed).saved)
    }

    @Test
    fun `a result that could not be saved is not lost`() {
        val screen = done.after(Event.Save, Event.SaveFailed("No room."))
        assertEquals("No room.", screen.saveError)
        assertEquals("r1", screen.result)
        assertTrue(screen.canSave)
        assertEquals(null, screen.after(Event.Save).saveError)
        assertEquals(null, screen.after(Event.Dismissed).saveError)
    }

    @Test
    fun `another picture can be picked at any time`() {
        val job = { screen: Screen -> screen.job + 1 }
        for (screen in listOf(start, ready, failed)) {
            assertEffects(
                screen.on(Event.Picked("b.png")),
                Effect.Load(job(screen), "b.png"),
            )
        }
        for (screen in listOf(loading, restoring)) {
            assertEffects(
                screen.on(Event.Picked("b.png")),
                Effect.Stop(screen.job),
                Effect.Load(job(screen), "b.png"),
            )
        }
        assertEffects(
            done.on(Event.Picked("b.png")),
            Effect.Delete("r1"),
            Effect.Load(3, "b.png"),
        )
        val next = done.after(Event.Picked("b.png"))
        assertEquals(null, next.result)
        assertEquals(0, next.width)
        assertEquals(done.settings, next.settings)
    }

    @Test
    fun `a picture picked while saving does not silence the saving`() {
        val next = done.after(Event.Save, Event.Picked("b.png"))
        assertEquals("x", next.after(Event.Saved("x")).saved)
        assertEquals("No.", next.after(Event.SaveFailed("No.")).saveError)
    }

    @Test
    fun `work can be cancelled`() {
        assertEffects(loading.on(Event.Cancel), Effect.Stop(1))
        val start = loading.after(Event.Cancel)
        assertEquals(Phase.Start, start.phase)
        assertEquals(null, start.picture)
        assertEffects(restoring.on(Event.Cancel), Effect.Stop(2))
        val ready = restoring.after(Event.Cancel)
        assertEquals(Phase.Ready, ready.phase)
        assertEffects(
            ready.on(Event.Restore),
            Effect.Restore(3, "a.jpg", ready.settings),
        )
        assertStays(this.start, Event.Cancel)
        assertStays(this.ready, Event.Cancel)
        assertStays(done, Event.Cancel)
        assertStays(failed, Event.Cancel)
    }

    @Test
    fun `late words of jobs that nobody waits for change nothing`() {
        val cancelled = restoring.after(Event.Cancel)
        val again = cancelled.after(Event.Restore)
        for (screen in listOf(start, ready, cancelled, again, done, failed)) {
            assertStays(
                screen,
                Event.Loaded(1, 9, 9),
                Event.Progressed(2, progress),
                Event.Failed(2, "Late."),
            )
        }
        // A late result is a file that must not be left behind.
        for (screen in listOf(start, ready, cancelled, again, failed)) {
            val transition = screen.on(Event.Restored(2, "late"))
            assertEquals(screen, transition.screen)
            assertEffects(transition, Effect.Delete("late"))
        }
        assertStays(done, Event.Restored(2, "r1"))
    }

    @Test
    fun `errors are shown until they are read`() {
        assertEquals(Phase.Failed("No."), failed.phase)
        assertEquals(Phase.Ready, failed.after(Event.Dismissed).phase)
        assertEquals(Phase.Start, ready.after(Event.Cancel).let {
            loading.after(Event.Failed(1, "No picture.")).also { screen ->
                assertEquals(Phase.Failed("No picture."), screen.phase)
                assertEquals(null, screen.picture)
                assertStays(screen, Event.Restore)
            }.after(Event.Dismissed).phase
        })
        // What failed can be tried again, with other settings for example.
        assertTrue(failed.canRestore)
        assertEffects(
            failed.on(Event.Restore),
            Effect.Restore(3, "a.jpg", failed.settings),
        )
    }

    @Test
    fun `a result is made again only with other settings`() {
        assertStays(done, Event.Restore)
        val changed = done.after(Event.StrengthChanged(0.5))
        assertEquals("r1", changed.result)
        assertEffects(
            changed.on(Event.Restore),
            Effect.Delete("r1"),
            Effect.Restore(3, "a.jpg", changed.settings),
        )
        assertEquals(null, changed.after(Event.Restore).result)
        assertStays(changed.after(Event.StrengthChanged(1.0)), Event.Restore)
    }

    @Test
    fun `settings that change while restoring are those of the next time`() {
        val screen = restoring.after(
            Event.StrengthChanged(1.5), Event.Restored(2, "r1"),
        )
        assertEquals(1.0, screen.resultSettings?.strength)
        assertEquals(1.5, screen.settings.strength)
        assertTrue(screen.canRestore)
    }

    @Test
    fun `sliders stay in their ranges`() {
        fun strength(value: Double) =
            start.after(Event.StrengthChanged(value)).settings.strength
        assertEquals(2.0, strength(7.0))
        assertEquals(0.0, strength(-1.0))
        assertEquals(1.0, strength(Double.NaN))
        assertEquals(0.7, strength(0.7))
        // A blind model has no noise level.
        assertStays(start, Event.SigmaChanged(15.0))
        val told = start.after(Event.ModelChosen("s", 5.0..50.0))
        assertEquals(25.0, told.settings.sigma)
        assertEquals(
            15.0, told.after(Event.SigmaChanged(15.0)).settings.sigma,
        )
        assertStays(told, Event.SigmaChanged(Double.NaN))
        val narrow = told.after(Event.ModelChosen("n", 30.0..40.0))
        assertEquals(30.0, narrow.settings.sigma)
        assertEquals(
            null, narrow.after(Event.ModelChosen("b", null)).settings.sigma,
        )
        // What enlarges has no strength.
        val strong = start.after(Event.StrengthChanged(1.5))
        fun chosen(enlarges: Boolean) =
            strong.after(Event.ModelChosen("e", null, enlarges))
        assertEquals(1.5, chosen(enlarges = false).settings.strength)
        assertEquals(1.0, chosen(enlarges = true).settings.strength)
        assertEquals(
            Accelerator.GPU,
            start.after(Event.AcceleratorChosen(Accelerator.GPU))
                .settings.accelerator,
        )
    }

    @Test
    fun `no order of events breaks the screen`() {
        val random = Random(7)
        var screen = Screen()
        val files = mutableSetOf<String>()
        repeat(20_000) {
            val event = anyEvent(random, screen)
            if (event is Event.Restored) files += event.result
            val transition = screen.on(event)
            screen = transition.screen
            for (effect in transition.effects) {
                if (effect is Effect.Delete) files -= effect.result
            }
            val consistent = when (screen.phase) {
                Phase.Start -> screen.picture == null
                is Phase.Loading -> screen.picture != null
                Phase.Ready, is Phase.Restoring ->
                    screen.width > 0 && screen.result == null
                Phase.Done -> screen.width > 0 && screen.result != null
                is Phase.Failed -> screen.result == null
            }
            assertTrue(consistent, "$event: $screen")
            // No file of a result is forgotten.
            assertEquals(setOfNotNull(screen.result), files)
            if (it % 50 == 0) {
                screen = Snapshot.restore(Snapshot.of(screen)) { true }.screen
            }
        }
    }

    private var count = 0

    private fun anyEvent(random: Random, screen: Screen): Event {
        val job = screen.job - random.nextInt(2)
        return when (random.nextInt(15)) {
            0 -> Event.Picked("p${random.nextInt()}")
            1, 2 -> Event.Loaded(job, 4, 3)
            3, 4 -> Event.Restore
            5 -> Event.Progressed(job, progress)
            6, 7 -> Event.Restored(job, "r${count++}")
            8 -> Event.Cancel
            9 -> Event.Failed(job, "No.")
            10 -> Event.Dismissed
            11 -> Event.Save
            12 -> Event.Saved("s")
            13 -> Event.StrengthChanged(random.nextDouble(-1.0, 3.0))
            else -> Event.ModelChosen("m", if (job % 2 == 0) null else 0.0..9.0)
        }
    }
}
