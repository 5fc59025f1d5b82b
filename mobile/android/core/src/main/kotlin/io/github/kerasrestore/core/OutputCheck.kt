package io.github.kerasrestore.core

import java.util.Locale
import kotlin.math.abs

/**
 * Whether a processor restores as the CPU does.
 *
 * @property largest largest difference of a value, in steps of a byte.
 * @property mean mean difference, in steps of a byte.
 */
data class OutputCheck(val largest: Double, val mean: Double) {
    /** Whether nobody can see a difference. */
    val agrees: Boolean
        get() = largest <= LARGEST_STEPS && mean <= MEAN_STEPS

    /** What the check says, in one sentence. */
    val verdict: String
        get() {
            val texts = listOf(largest, mean).map {
                String.format(Locale.ROOT, "%.2f", it)
            }
            val figures = "${texts[0]} of 255 steps at most, ${texts[1]} in " +
                "the mean"
            return if (agrees) {
                "The GPU restores as the CPU does ($figures)."
            } else {
                "The GPU does not restore as the CPU does ($figures); use " +
                    "the CPU."
            }
        }

    companion object {
        /** Phones' GPUs compute in 16 bits. */
        const val LARGEST_STEPS = 5.0

        /** Of many values, far less is seen. */
        const val MEAN_STEPS = 0.5

        /**
         * Runs the image of the self-test through both.
         *
         * @throws Refusal if one of them cannot run the model.
         */
        fun run(sidecar: Sidecar, cpu: Engine, gpu: Engine): OutputCheck {
            val answers = listOf(cpu, gpu).map { engine ->
                SelfTest.restoredImage(sidecar, engine)
            }
            return compare(answers[0], answers[1])
        }

        /** Compares two restored tiles. */
        fun compare(reference: FloatArray, other: FloatArray): OutputCheck {
            require(reference.size == other.size && reference.isNotEmpty()) {
                "Two tiles of one size are compared."
            }
            var largest = 0.0
            var sum = 0.0
            for (index in reference.indices) {
                val steps = 255.0 * abs(reference[index] - other[index])
                largest = maxOf(largest, steps)
                sum += steps
            }
            return OutputCheck(largest, sum / reference.size)
        }
    }
}
