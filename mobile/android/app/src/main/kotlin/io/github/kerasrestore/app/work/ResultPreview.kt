package io.github.kerasrestore.app.work

import android.graphics.Bitmap
import io.github.kerasrestore.app.photo.Photo
import io.github.kerasrestore.app.photo.PreviewSink
import io.github.kerasrestore.app.photo.ScreenPixels
import io.github.kerasrestore.core.Cancellation
import io.github.kerasrestore.core.PixelSink
import io.github.kerasrestore.core.PixelSource
import io.github.kerasrestore.core.RawImage
import java.io.File
import java.nio.ByteBuffer

/**
 * The restored picture as it is seen while it is being made.
 *
 * @param photo what is restored.
 * @property scale enlargement.
 * @param sample by how much the preview is reduced.
 * @param onRows called on the worker's thread when it has grown.
 */
class ResultPreview(
    private val photo: Photo,
    val scale: Int,
    private val sample: Int,
    private val onRows: () -> Unit,
) {
    /** Width of the restored picture. */
    val fullWidth = photo.width * scale

    /** Height of the restored picture. */
    val fullHeight = photo.height * scale

    private val width = (fullWidth + sample - 1) / sample
    private val height = (fullHeight + sample - 1) / sample
    private val pixels = ByteArray(width * height * ScreenPixels.SIZE)

    @Volatile
    private var rows = 0

    /** The preview, of which only the first part may be there. */
    val bitmap: Bitmap = Bitmap.createBitmap(
        width,
        height,
        Bitmap.Config.ARGB_8888,
        photo.layout.hasAlpha,
        photo.colorSpace,
    )

    /** How much of it is there, 0 to 1, from the top. */
    val share: Float
        get() = rows.toFloat() / height

    /** A sink that makes the preview of what goes to another one. */
    fun of(sink: PixelSink) = PreviewSink(
        sink, fullWidth, fullHeight, photo.layout, sample,
    ) { top, count, made ->
        val line = width * ScreenPixels.SIZE
        System.arraycopy(made, 0, pixels, top * line, count * line)
        rows = top + count
        onRows()
    }

    /** Makes the preview of a picture that is finished. */
    fun fill(picture: PixelSource, cancellation: Cancellation) {
        val sink = of(Nowhere)
        val band = ByteArray(ROWS * picture.width * picture.layout.channels)
        for (top in 0 until picture.height step ROWS) {
            cancellation.check()
            val count = minOf(ROWS, picture.height - top)
            picture.read(0, top, picture.width, count, band)
            sink.write(count, band)
        }
    }

    /** The picture itself, in a file. */
    fun rawImage(file: File) =
        RawImage(file, fullWidth, fullHeight, photo.layout)

    /** Brings the bitmap up to date, on the thread that draws it. */
    fun draw() = bitmap.copyPixelsFromBuffer(ByteBuffer.wrap(pixels))

    private object Nowhere : PixelSink {
        override fun write(rows: Int, pixels: ByteArray) = Unit

        override fun finish() = Unit

        override fun close() = Unit
    }

    private companion object {
        const val ROWS = 64
    }
}
