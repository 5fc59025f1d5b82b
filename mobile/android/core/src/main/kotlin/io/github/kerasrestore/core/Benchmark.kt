package io.github.kerasrestore.core

/**
 * Measures how long something takes.
 *
 * @property warmUp runs that are not counted.
 * @property runs runs that are.
 * @param clock nanoseconds.
 */
class Benchmark(
    val warmUp: Int = 3,
    val runs: Int = 20,
    private val clock: () -> Long = System::nanoTime,
) {
    init {
        require(warmUp >= 0 && runs >= 1) { "At least one run is measured." }
    }

    /**
     * Measures.
     *
     * @param pixels restored by one run.
     * @param cancellation looked at before every run.
     * @param onRun called after each run with how many are done, of how many.
     * @param body one run.
     * @throws Cancelled if it was wished so.
     */
    fun measure(
        pixels: Long,
        cancellation: Cancellation = Cancellation(),
        onRun: (Int, Int) -> Unit = { _, _ -> },
        body: () -> Unit,
    ): BenchmarkResult {
        val milliseconds = ArrayList<Double>(runs)
        for (run in 0 until warmUp + runs) {
            cancellation.check()
            val start = clock()
            body()
            val took = (clock() - start) / 1e6
            if (run >= warmUp) milliseconds += took
            onRun(run + 1, warmUp + runs)
        }
        return BenchmarkResult(milliseconds, warmUp, pixels)
    }
}
