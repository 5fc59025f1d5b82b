package io.github.kerasrestore.core

import java.nio.ByteBuffer

/**
 * An engine without a model: makes a restored tile by a function of all
 * values of a tile.
 */
class FakeEngine(
    private val sidecar: Sidecar,
    private val function: (FloatArray, Float) -> FloatArray,
) : Engine {
    var runs = 0
        private set
    var lastSigma = Float.NaN
        private set

    override fun run(image: ByteBuffer, sigma: Float, restored: ByteBuffer) {
        runs++
        lastSigma = sigma
        val tile = FloatArray(sidecar.imageSize) { index ->
            when (sidecar.imageType) {
                ElementType.FLOAT32 -> image.getFloat(4 * index)
                ElementType.UINT8 ->
                    byteToFloat(image.get(index).toInt() and 0xff)
            }
        }
        function(tile, sigma).forEachIndexed { index, value ->
            when (sidecar.restoredType) {
                ElementType.FLOAT32 -> restored.putFloat(4 * index, value)
                ElementType.UINT8 ->
                    restored.put(index, floatToByte(value).toByte())
            }
        }
    }

    override fun close() = Unit
}

/** A box mean over `2 * radius + 1` pixels, zero beyond the tile. */
fun boxMean(sidecar: Sidecar, radius: Int): (FloatArray) -> FloatArray {
    val height = sidecar.tileHeight
    val width = sidecar.tileWidth
    val channels = sidecar.channels
    return { tile ->
        FloatArray(tile.size) { index ->
            val channel = index % channels
            val x = index / channels % width
            val y = index / channels / width
            val rows = maxOf(0, y - radius)..minOf(height - 1, y + radius)
            val columns = maxOf(0, x - radius)..minOf(width - 1, x + radius)
            var sum = 0f
            for (row in rows) for (column in columns) {
                sum += tile[(row * width + column) * channels + channel]
            }
            sum / ((2 * radius + 1) * (2 * radius + 1))
        }
    }
}

/** A picture whose bytes look like noise. */
fun noise(width: Int, height: Int, layout: PixelLayout, seed: Int = 0) =
    MemoryImage(
        width,
        height,
        layout,
        kotlin.random.Random(seed).nextBytes(width * height * layout.channels),
    )
