package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

class NoticeTest {
    @Test
    fun `nothing is told unless a picture is being restored`() {
        val quiet = listOf(
            Phase.Start, Phase.Loading(), Phase.Ready, Phase.Done,
            Phase.Failed("No."),
        )
        for (phase in quiet) {
            assertNull(Notice.of(Screen(phase)), "$phase")
            assertFalse(Notice.isWanted(Screen(phase)), "$phase")
        }
    }

    @Test
    fun `a restoration that goes on after the app was killed is told`() {
        assertEquals(Notice(null), Notice.of(Screen(Phase.Loading(true))))
    }

    @Test
    fun `per cent are told from the first tile on`() {
        assertEquals(Notice(null), Notice.of(restoring(null)))
        assertEquals(Notice(null), Notice.of(restoring(progress(0, 0.0))))
        assertEquals(Notice(33), Notice.of(restoring(progress(1, 5.0))))
        assertEquals(Notice(100), Notice.of(restoring(progress(3, 9.0))))
    }

    @Test
    fun `only long work is worth a question`() {
        assertFalse(Notice.isWanted(restoring(null)))
        assertFalse(Notice.isWanted(restoring(progress(0, 60.0))))
        assertFalse(Notice.isWanted(restoring(progress(1, 9.9))))
        assertTrue(Notice.isWanted(restoring(progress(1, 10.0))))
    }

    private fun restoring(progress: Progress?) =
        Screen(Phase.Restoring(Settings(), progress))

    private fun progress(done: Int, seconds: Double) =
        Progress(done, 3, seconds, done.toDouble())
}
