package io.github.kerasrestore.core

/**
 * What a restoration is asked for.
 *
 * @property strength 0 leaves the picture as it is, 1 is the model's answer,
 *   up to 2 removes more: models with a sigma input are told `strength *
 *   sigma`; blind ones are blended with the picture below 1 and followed by
 *   a second pass above.
 * @property sigma noise level on the 0..255 scale, for models that take it,
 *   `null` for the others.
 */
data class RestoreOptions(
    val strength: Double = 1.0,
    val sigma: Double? = null,
) {
    /**
     * Looks whether a model can be asked so.
     *
     * @throws Refusal if not.
     */
    fun check(sidecar: Sidecar) {
        if (!(strength >= 0.0 && strength <= MAX_STRENGTH)) {
            throw Refusal(
                "The strength is a number from 0 to 2, got $strength; move " +
                    "the slider.",
            )
        }
        if (strength != 1.0 && sidecar.scale != 1) {
            throw Refusal(
                "The model ${sidecar.name} enlarges pictures and has no " +
                    "strength; leave the strength at 1.",
            )
        }
        if (sidecar.sigmaInput && sigma == null) {
            throw Refusal(
                "The model ${sidecar.name} wants to know how noisy the " +
                    "picture is; set the noise level.",
            )
        }
        if (!sidecar.sigmaInput && sigma != null) {
            throw Refusal(
                "The model ${sidecar.name} finds the noise level itself; " +
                    "leave the noise level out.",
            )
        }
        if (sigma != null &&
            !(sigma >= sidecar.sigmaLow && sigma <= sidecar.sigmaHigh)
        ) {
            throw Refusal(
                "The model ${sidecar.name} knows noise levels from " +
                    "${sidecar.sigmaLow} to ${sidecar.sigmaHigh}, got " +
                    "$sigma; choose one of those.",
            )
        }
    }

    /** Times that the picture goes through the network. */
    fun passes(sidecar: Sidecar): Int =
        if (strength > 1.0 && !sidecar.sigmaInput) 2 else 1

    companion object {
        /** The strongest. */
        const val MAX_STRENGTH = 2.0
    }
}
