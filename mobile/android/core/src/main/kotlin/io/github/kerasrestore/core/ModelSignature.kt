package io.github.kerasrestore.core

import kotlin.math.abs

/**
 * What an engine finds in a `.tflite`.
 *
 * @property inputs by name.
 * @property outputs by name.
 */
data class ModelSignature(
    val inputs: Map<String, Tensor>,
    val outputs: Map<String, Tensor>,
) {
    /**
     * An input or output.
     *
     * @property type `float32`, `uint8` or another name of a type.
     * @property shape its sides, -1 for a free one.
     * @property scale value of one step, 0 where nothing is quantized.
     * @property zeroPoint number that stands for 0.
     */
    data class Tensor(
        val type: String,
        val shape: List<Int>,
        val scale: Float = 0f,
        val zeroPoint: Long = 0,
    )

    /**
     * Looks whether the model is what its sidecar says.
     *
     * @param label what sentences call the model.
     * @throws Refusal with the first thing that is not.
     */
    fun check(sidecar: Sidecar, label: String = sidecar.name) {
        val (height, width) = sidecar.tileHeight to sidecar.tileWidth
        val scale = sidecar.scale
        val channels = sidecar.channels
        val image = Tensor(
            sidecar.imageType.label, listOf(1, height, width, channels),
        )
        val restored = Tensor(
            sidecar.restoredType.label,
            listOf(1, height * scale, width * scale, channels),
        )
        val wanted = mutableMapOf("image" to image)
        if (sidecar.sigmaInput) {
            wanted["sigma"] = Tensor(ElementType.FLOAT32.label, listOf(1))
        }
        compare(label, "takes", inputs, wanted)
        compare(label, "gives", outputs, mapOf("restored" to restored))
    }

    private fun compare(
        label: String,
        verb: String,
        found: Map<String, Tensor>,
        wanted: Map<String, Tensor>,
    ) {
        if (found.keys != wanted.keys) {
            throw mismatch(label, verb, names(found), names(wanted))
        }
        for ((name, tensor) in found) {
            val told = wanted.getValue(name)
            if (tensor.type != told.type || tensor.shape != told.shape) {
                throw mismatch(label, verb, text(tensor), text(told))
            }
            // A byte stands for a value as in image files.
            val bytes = tensor.type == ElementType.UINT8.label
            val step = abs(tensor.scale - 1.0 / 255)
            if (bytes && !(step < 1e-6 && tensor.zeroPoint == 0L)) {
                throw Refusal(
                    "The model $label has bytes with a scale of " +
                        "${tensor.scale} and ${tensor.zeroPoint} for zero, " +
                        "which are not those of pictures; choose another " +
                        "model.",
                )
            }
        }
    }

    private fun names(tensors: Map<String, Tensor>) =
        tensors.keys.sorted().joinToString(" and ")

    private fun text(tensor: Tensor) =
        "${tensor.type} of ${tensor.shape.joinToString("x")}"

    private fun mismatch(
        label: String,
        verb: String,
        found: String,
        told: String,
    ) = Refusal(
        "The model $label $verb $found, its sidecar speaks of $told; choose " +
            "another model.",
    )
}
