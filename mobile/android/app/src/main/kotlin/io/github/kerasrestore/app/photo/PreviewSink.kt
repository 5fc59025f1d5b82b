package io.github.kerasrestore.app.photo

import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.PixelSink

/**
 * Makes a reduced picture of what passes through to another sink.
 *
 * A pixel is the mean of a square of [sample] pixels, as in the decoders'
 * own previews.
 *
 * @param next takes the picture itself; closed with this one.
 * @param width of the picture.
 * @param height of the picture.
 * @param layout of the picture.
 * @param sample by how much the preview is reduced.
 * @param onRows called with the preview's finished rows: the first one, how
 *   many, and their pixels as a bitmap has them, used again afterwards.
 */
class PreviewSink(
    private val next: PixelSink,
    private val width: Int,
    private val height: Int,
    private val layout: PixelLayout,
    private val sample: Int,
    private val onRows: (top: Int, rows: Int, pixels: ByteArray) -> Unit,
) : PixelSink {
    /** Width of the preview. */
    val previewWidth = (width + sample - 1) / sample

    /** Height of the preview. */
    val previewHeight = (height + sample - 1) / sample

    private val channels = layout.channels
    private val sums = IntArray(previewWidth * channels)
    private val means = ByteArray(previewWidth * channels)
    private var pixels = ByteArray(0)
    private var seen = 0
    private var summed = 0

    override fun write(rows: Int, pixels: ByteArray) {
        next.write(rows, pixels)
        val top = seen / sample
        val size = (rows / sample + 2) * previewWidth * ScreenPixels.SIZE
        if (this.pixels.size < size) this.pixels = ByteArray(size)
        var finished = 0
        for (row in 0 until rows) {
            add(pixels, row * width * channels)
            seen++
            if (summed == sample || seen == height) {
                emit(finished++)
            }
        }
        if (finished > 0) onRows(top, finished, this.pixels)
    }

    override fun finish() = next.finish()

    override fun close() = next.close()

    private fun add(pixels: ByteArray, start: Int) {
        var from = start
        for (x in 0 until width) {
            val to = x / sample * channels
            for (channel in 0 until channels) {
                sums[to + channel] += pixels[from++].toInt() and 0xFF
            }
        }
        summed++
    }

    private fun emit(row: Int) {
        for (x in 0 until previewWidth) {
            val columns = minOf(sample, width - x * sample)
            val count = columns * summed
            val at = x * channels
            for (channel in at until at + channels) {
                means[channel] = ((sums[channel] + count / 2) / count).toByte()
            }
            val to = (row * previewWidth + x) * ScreenPixels.SIZE
            ScreenPixels.convert(layout, means, at, pixels, to)
        }
        sums.fill(0)
        summed = 0
    }
}
