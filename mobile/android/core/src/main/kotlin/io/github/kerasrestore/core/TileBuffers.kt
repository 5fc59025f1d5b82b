package io.github.kerasrestore.core

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/**
 * The two buffers of an engine, made once and used for every tile.
 *
 * @property image what the engine reads.
 * @property restored what the engine writes.
 */
class TileBuffers(private val sidecar: Sidecar) {
    val image: ByteBuffer = direct(sidecar.imageSize, sidecar.imageType)
    val restored: ByteBuffer = direct(
        sidecar.restoredSize, sidecar.restoredType,
    )
    private val imageFloats: FloatBuffer = image.asFloatBuffer()
    private val restoredFloats: FloatBuffer = restored.asFloatBuffer()

    /** Writes a tile, values in [0, 1], in the type that the model takes. */
    fun writeImage(tile: FloatArray) {
        if (sidecar.imageType == ElementType.FLOAT32) {
            imageFloats.rewind()
            imageFloats.put(tile, 0, sidecar.imageSize)
            return
        }
        for (index in 0 until sidecar.imageSize) {
            image.put(index, floatToByte(tile[index]).toByte())
        }
    }

    /**
     * Reads the restored tile as values in [0, 1] and around.
     *
     * @param label what sentences call the model.
     * @throws Refusal if there are values that are not finite numbers.
     */
    fun readRestored(into: FloatArray, label: String = sidecar.name) {
        val size = sidecar.restoredSize
        if (sidecar.restoredType == ElementType.UINT8) {
            for (index in 0 until size) {
                into[index] = byteToFloat(restored.get(index).toInt() and 0xff)
            }
            return
        }
        restoredFloats.rewind()
        restoredFloats.get(into, 0, size)
        for (index in 0 until size) {
            if (into[index].isNaN() || into[index].isInfinite()) {
                throw Refusal(
                    "$label gives values that are not finite numbers; " +
                        "choose another model or processor.",
                )
            }
        }
    }

    private fun direct(size: Int, type: ElementType): ByteBuffer =
        ByteBuffer.allocateDirect(size * type.bytes)
            .order(ByteOrder.nativeOrder())
}
