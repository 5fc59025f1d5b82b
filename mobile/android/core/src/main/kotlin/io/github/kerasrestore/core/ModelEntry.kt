package io.github.kerasrestore.core

/**
 * A model that the app can choose, as `models.json` lists it.
 *
 * @property name name that is kept in settings.
 * @property title what people read.
 * @property tflite file name of the model.
 * @property sidecar file name of its sidecar.
 * @property bytes size of the model.
 * @property sha256 checksum of the model.
 * @property sidecarSha256 checksum of the sidecar.
 */
data class ModelEntry(
    val name: String,
    val title: String,
    val tflite: String,
    val sidecar: String,
    val bytes: Long,
    val sha256: String,
    val sidecarSha256: String,
)
