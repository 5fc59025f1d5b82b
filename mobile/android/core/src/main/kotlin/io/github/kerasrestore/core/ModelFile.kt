package io.github.kerasrestore.core

/**
 * A model whose files were read and belong together.
 *
 * @property entry how the catalogue lists it.
 * @property sidecar what it says of itself.
 * @property content the `.tflite`.
 */
class ModelFile(
    val entry: ModelEntry,
    val sidecar: Sidecar,
    val content: ByteArray,
)
