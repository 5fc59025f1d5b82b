package io.github.kerasrestore.core

import java.io.Closeable
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit

/**
 * One background thread that does what it is given, in order, and ends when
 * there is nothing more to do.
 *
 * @param name of the thread.
 */
class Worker(name: String = "kerasrestore") : Closeable {
    private val jobs = ConcurrentHashMap<Int, Cancellation>()

    // The latest one; those before it have run out of work.
    @Volatile
    private var thread: Thread? = null
    private val executor = ThreadPoolExecutor(
        1, 1, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue(),
    ) { task -> Thread(task, name).also { thread = it } }

    init {
        executor.allowCoreThreadTimeOut(true)
    }

    /**
     * Gives it a job that can be stopped.
     *
     * @param job number of the job.
     * @param post takes the events, on the thread of the worker; gets
     *   [Event.Failed] if the work throws and nothing if it was stopped.
     * @param work is told of the wish to stop and gives the last event.
     */
    fun start(
        job: Int,
        post: (Event) -> Unit,
        work: (Cancellation) -> Event,
    ) {
        val cancellation = Cancellation()
        jobs[job] = cancellation
        executor.execute {
            try {
                cancellation.check()
                post(work(cancellation))
            } catch (_: Cancelled) {
                // Nobody waits for an answer.
            } catch (error: Exception) {
                post(Event.Failed(job, sentenceOf(error)))
            } catch (error: OutOfMemoryError) {
                post(Event.Failed(job, sentenceOf(error)))
            } finally {
                jobs.remove(job)
            }
        }
    }

    /** Gives it something short to do after everything before. */
    fun then(task: () -> Unit) = executor.execute(task)

    /** Stops a job, at its next tile or before it begins. */
    fun stop(job: Int) {
        jobs[job]?.cancel()
    }

    /**
     * Stops all jobs, does the short tasks that are left, and waits until the
     * thread has ended; not to be called on that thread.
     */
    override fun close() {
        jobs.values.forEach { it.cancel() }
        executor.shutdown()
        executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS)
        thread?.join()
    }

    private companion object {
        const val IDLE_SECONDS = 2L
    }
}
