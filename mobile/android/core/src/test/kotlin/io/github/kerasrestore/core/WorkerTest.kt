package io.github.kerasrestore.core

import java.util.concurrent.CountDownLatch
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class WorkerTest {
    private val events = LinkedBlockingQueue<Event>()

    private fun next(): Event? = events.poll(30, TimeUnit.SECONDS)

    private fun threads(name: String): Int =
        Thread.getAllStackTraces().keys.count { it.name == name }

    @Test
    fun `jobs are done in order on one thread`() {
        Worker("worker-order").use { worker ->
            for (job in 1..20) {
                worker.start(job, { events += it }) {
                    Event.Restored(job, Thread.currentThread().name)
                }
            }
            for (job in 1..20) {
                assertEquals(Event.Restored(job, "worker-order"), next())
            }
        }
        assertEquals(0, threads("worker-order"))
    }

    @Test
    fun `a stopped job says nothing, whether it has begun or not`() {
        val begun = CountDownLatch(1)
        val stopped = CountDownLatch(1)
        Worker("worker-stop").use { worker ->
            worker.start(1, { events += it }) { cancellation ->
                begun.countDown()
                stopped.await()
                cancellation.check()
                Event.Restored(1, "never")
            }
            worker.start(2, { events += it }) { Event.Restored(2, "never") }
            worker.start(3, { events += it }) { Event.Restored(3, "yes") }
            assertTrue(begun.await(30, TimeUnit.SECONDS))
            worker.stop(1)
            worker.stop(2)
            worker.stop(99)
            stopped.countDown()
            assertEquals(Event.Restored(3, "yes"), next())
        }
        assertTrue(events.isEmpty())
    }

    @Test
    fun `what a job throws is told in a sentence and the next one runs`() {
        Worker("worker-throw").use { worker ->
            worker.start(1, { events += it }) { throw Refusal("No.") }
            worker.start(2, { events += it }) { throw OutOfMemoryError() }
            worker.start(3, { events += it }) { error("odd\nthing") }
            worker.start(4, { events += it }) { Event.Restored(4, "yes") }
            assertEquals(Event.Failed(1, "No."), next())
            for (job in 2..3) {
                val event = next() as Event.Failed
                assertEquals(job, event.job)
                assertSentence(event.sentence)
            }
            assertEquals(Event.Restored(4, "yes"), next())
        }
    }

    @Test
    fun `short tasks follow the jobs before them, closing or not`() {
        val order = LinkedBlockingQueue<String>()
        val begun = CountDownLatch(1)
        Worker("worker-then").use { worker ->
            worker.start(1, {}) {
                begun.countDown()
                order += "job"
                Event.Restored(1, "r")
            }
            worker.then { order += "task" }
            assertTrue(begun.await(30, TimeUnit.SECONDS))
        }
        assertEquals(listOf("job", "task"), order.toList())
    }

    @Test
    fun `closing stops a job that runs`() {
        val begun = CountDownLatch(1)
        val worker = Worker("worker-close")
        worker.start(1, { events += it }) { cancellation ->
            begun.countDown()
            while (true) cancellation.check()
            @Suppress("UNREACHABLE_CODE")
            Event.Restored(1, "never")
        }
        assertTrue(begun.await(30, TimeUnit.SECONDS))
        worker.close()
        assertEquals(0, threads("worker-close"))
        assertTrue(events.isEmpty())
    }
}
