package io.github.kerasrestore.core

import org.json.JSONObject

/**
 * The file `NAME.json` beside `NAME.tflite`: all that a runner needs to know.
 *
 * Comes from [parse] alone, so that whoever has one has a valid one.
 *
 * @property name name of the model.
 * @property task name of the task, `denoise` or `jpeg` for example.
 * @property channels 3 for colour, 1 for gray.
 * @property scale enlargement.
 * @property sizeMultiple what height and width of a tile are multiples of.
 * @property receptiveField pixels of input that one of output depends on, 0
 *   for all of them.
 * @property halo pixels of context on each side of a tile.
 * @property tileHeight height of a tile, context included.
 * @property tileWidth width of a tile, context included.
 * @property dynamic whether height and width of the file are free.
 * @property sigmaInput whether the model takes the noise level.
 * @property sigmaLow lowest noise level of the training, 0..255 scale.
 * @property sigmaHigh highest noise level of the training.
 * @property quantization `float32`, `float16`, `dynamic`, `int8`, `int16x8`.
 * @property imageType numbers of the input.
 * @property restoredType numbers of the output.
 * @property macs multiply-accumulates of one tile.
 * @property memoryBytes bytes that running one tile takes.
 * @property sha256 checksum of the `.tflite`.
 * @property license licence of the weights.
 * @property selfTest known answer, if the exporter gave one.
 */
class Sidecar internal constructor(
    val name: String,
    val task: String,
    val channels: Int,
    val scale: Int,
    val sizeMultiple: Int,
    val receptiveField: Int,
    val halo: Int,
    val tileHeight: Int,
    val tileWidth: Int,
    val dynamic: Boolean,
    val sigmaInput: Boolean,
    val sigmaLow: Double,
    val sigmaHigh: Double,
    val quantization: String,
    val imageType: ElementType,
    val restoredType: ElementType,
    val macs: Long,
    val memoryBytes: Long,
    val sha256: String,
    val license: String,
    val selfTest: SelfTest?,
) {
    /** Numbers of an input tile. */
    val imageSize: Int
        get() = tileHeight * tileWidth * channels

    /** Numbers of a restored tile. */
    val restoredSize: Int
        get() = imageSize * scale * scale

    /** Noise levels of the training, `null` for models that take none. */
    val sigmas: ClosedFloatingPointRange<Double>?
        get() = if (sigmaInput) sigmaLow..sigmaHigh else null

    companion object {
        /** The format that this version reads. */
        const val FORMAT = 1

        /**
         * Reads a sidecar and makes every check that the schema makes.
         *
         * @param text what the file holds.
         * @param label what sentences call the file.
         * @throws Refusal with the first thing that is wrong.
         */
        fun parse(text: String, label: String = "The sidecar"): Sidecar {
            val json = parseJson(text, label)
            try {
                return SidecarReader(json).read()
            } catch (fault: Fault) {
                throw Refusal(
                    "$label is not a valid sidecar: ${fault.message}; " +
                        "choose another model or export this one again.",
                    fault,
                )
            }
        }

        private fun parseJson(text: String, label: String): JSONObject =
            try {
                parseJsonObject(text)
            } catch (fault: Fault) {
                throw Refusal(
                    "$label is not readable JSON (${fault.message}); copy " +
                        "both files of the model again.",
                    fault,
                )
            }
    }
}
