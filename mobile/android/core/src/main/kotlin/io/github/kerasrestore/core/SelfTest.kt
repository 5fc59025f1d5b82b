package io.github.kerasrestore.core

import java.nio.ByteBuffer
import java.util.Locale
import kotlin.math.abs

/**
 * Pixels that a model has to give for a known image.
 *
 * A checksum tells that a file is the one that was exported. A known answer
 * tells that it restores here as it did there, whichever processor runs it.
 *
 * @property sigma noise level that the model was told.
 * @property pixels some pixels of the restored tile.
 * @property tolerance by how much a value may differ.
 */
data class SelfTest(
    val sigma: Float,
    val pixels: List<Pixel>,
    val tolerance: Double,
) {
    /**
     * A pixel of the restored tile.
     *
     * @property values a value for each channel.
     */
    data class Pixel(val row: Int, val column: Int, val values: List<Double>)

    companion object {
        /**
         * Writes the image of the self-test into an engine's input.
         *
         * Its bytes are `(3 x^2 + 5 x y + 7 y^2 + 31 c) mod 256`.
         */
        fun writeImage(sidecar: Sidecar, image: ByteBuffer) {
            var index = 0
            for (y in 0 until sidecar.tileHeight) {
                for (x in 0 until sidecar.tileWidth) {
                    val base = 3 * x * x + 5 * x * y + 7 * y * y
                    for (c in 0 until sidecar.channels) {
                        val byte = (base + 31 * c) and 0xff
                        image.putValue(sidecar.imageType, index++, byte)
                    }
                }
            }
        }

        /**
         * Runs a model on the known image and compares the answer, if the
         * sidecar tells it.
         *
         * @param label what sentences call the model.
         * @throws Refusal if the model cannot be run or gives another answer.
         */
        fun run(
            sidecar: Sidecar,
            engine: Engine,
            label: String = sidecar.name,
        ) {
            val restored = restoredImage(sidecar, engine, label)
            val test = sidecar.selfTest ?: return
            for (pixel in test.pixels) {
                val width = sidecar.tileWidth * sidecar.scale
                val first = (pixel.row * width + pixel.column) *
                    sidecar.channels
                val found = List(sidecar.channels) { restored[first + it] }
                val near = found.zip(pixel.values).all { (value, wanted) ->
                    abs(value - wanted) <= test.tolerance
                }
                if (!near) throw Refusal(mismatch(label, pixel, found))
            }
        }

        /** What a model gives for the known image. */
        fun restoredImage(
            sidecar: Sidecar,
            engine: Engine,
            label: String = sidecar.name,
        ): FloatArray {
            val buffers = TileBuffers(sidecar)
            writeImage(sidecar, buffers.image)
            val middle = ((sidecar.sigmaLow + sidecar.sigmaHigh) / 2).toFloat()
            val sigma = sidecar.selfTest?.sigma ?: middle
            engine.run(buffers.image, sigma, buffers.restored)
            val restored = FloatArray(sidecar.restoredSize)
            buffers.readRestored(restored, label)
            return restored
        }

        private fun mismatch(
            label: String,
            pixel: Pixel,
            found: List<Float>,
        ): String {
            val texts = listOf(found, pixel.values).map { values ->
                values.joinToString(", ", "[", "]") {
                    String.format(Locale.ROOT, "%.4f", it.toDouble())
                }
            }
            return "$label does not restore here as it did where it was " +
                "made: ${texts[0]} instead of ${texts[1]} at row " +
                "${pixel.row}, column ${pixel.column}; choose another model " +
                "or processor."
        }

        private fun ByteBuffer.putValue(
            type: ElementType,
            index: Int,
            byte: Int,
        ) {
            when (type) {
                ElementType.UINT8 -> put(index, byte.toByte())
                ElementType.FLOAT32 -> putFloat(4 * index, byteToFloat(byte))
            }
        }
    }
}
