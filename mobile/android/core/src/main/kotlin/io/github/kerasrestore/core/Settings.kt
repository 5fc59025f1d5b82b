package io.github.kerasrestore.core

/**
 * What a restoration is made with.
 *
 * @property model name of the model, `null` for the default one.
 * @property accelerator what it runs on.
 * @property strength 0 to 2.
 * @property sigma noise level, `null` for models that take none.
 */
data class Settings(
    val model: String? = null,
    val accelerator: Accelerator = Accelerator.CPU,
    val strength: Double = 1.0,
    val sigma: Double? = null,
) {
    /** The same, as the restorer takes it. */
    val options: RestoreOptions
        get() = RestoreOptions(strength, sigma)
}
