package io.github.kerasrestore.core

import java.util.Locale
import org.json.JSONObject

/**
 * What a [Benchmark] measured.
 *
 * @property milliseconds of each run, in the order of the runs.
 * @property warmUp runs before them.
 * @property pixels restored by one run.
 */
data class BenchmarkResult(
    val milliseconds: List<Double>,
    val warmUp: Int,
    val pixels: Long,
) {
    private val sorted = milliseconds.sorted()

    /** Half of the runs took no longer, in milliseconds. */
    val median: Double
        get() = percentile(0.5)

    /** A tenth of the runs took no longer, in milliseconds. */
    val p10: Double
        get() = percentile(0.1)

    /** Nine tenths of the runs took no longer, in milliseconds. */
    val p90: Double
        get() = percentile(0.9)

    /** Megapixels a second in a run of median length. */
    val megapixelsPerSecond: Double
        get() = pixels / 1e3 / median

    /**
     * A percentile, by linear interpolation between the two runs next to it.
     *
     * @param part 0..1.
     */
    fun percentile(part: Double): Double {
        require(part in 0.0..1.0) { "A percentile is of 0 to 1." }
        val place = part * (sorted.size - 1)
        val below = place.toInt()
        val above = minOf(below + 1, sorted.size - 1)
        return sorted[below] + (place - below) * (sorted[above] - sorted[below])
    }

    /**
     * The result as a JSON text.
     *
     * @param facts what else belongs to it: device, model, accelerator.
     */
    fun toJson(facts: Map<String, String>): String {
        val fields = facts.map { (key, value) ->
            JSONObject.quote(key) to JSONObject.quote(value)
        } + listOf(
            "\"pixels\"" to pixels.toString(),
            "\"warm_up\"" to warmUp.toString(),
            "\"runs\"" to milliseconds.size.toString(),
            "\"median_ms\"" to number(median),
            "\"p10_ms\"" to number(p10),
            "\"p90_ms\"" to number(p90),
            "\"megapixels_per_second\"" to number(megapixelsPerSecond),
            "\"runs_ms\"" to milliseconds.joinToString(", ", "[", "]") {
                number(it)
            },
        )
        return fields.joinToString(",\n", "{\n", "\n}\n") { (key, value) ->
            " $key: $value"
        }
    }

    private fun number(value: Double): String =
        if (value.isInfinite() || value.isNaN()) {
            "null"
        } else {
            String.format(Locale.ROOT, "%.3f", value)
        }
}
