package io.github.kerasrestore.core

/**
 * An engine that takes tiles of 1 or 3 channels, whichever the model has.
 *
 * Gray for a colour model is repeated to three channels and the mean of the
 * three results taken; colour for a gray model goes channel by channel.
 */
internal class Network(val sidecar: Sidecar, private val engine: Engine) {
    private val buffers = TileBuffers(sidecar)
    private val input = FloatArray(sidecar.imageSize)
    private val output = FloatArray(sidecar.restoredSize)

    /**
     * Restores a tile.
     *
     * @param tile values of `colors` channels.
     * @param colors 1 or 3.
     * @param sigma what the model is told.
     * @param restored takes the restored values.
     */
    fun restore(
        tile: FloatArray,
        colors: Int,
        sigma: Float,
        restored: FloatArray,
    ) {
        when (colors) {
            sidecar.channels -> run(tile, sigma, restored)
            1 -> {
                for (index in input.indices) input[index] = tile[index / 3]
                run(input, sigma, output)
                for (index in 0 until output.size / 3) {
                    val first = 3 * index
                    val sum = output[first] + output[first + 1] +
                        output[first + 2]
                    restored[index] = sum / 3f
                }
            }
            else -> for (color in 0 until 3) {
                for (index in input.indices) {
                    input[index] = tile[3 * index + color]
                }
                run(input, sigma, output)
                for (index in output.indices) {
                    restored[3 * index + color] = output[index]
                }
            }
        }
    }

    private fun run(tile: FloatArray, sigma: Float, restored: FloatArray) {
        buffers.writeImage(tile)
        engine.run(buffers.image, sigma, buffers.restored)
        buffers.readRestored(restored)
    }
}
