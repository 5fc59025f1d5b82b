package io.github.kerasrestore.app.photo

import android.graphics.Bitmap
import android.graphics.Canvas
import io.github.kerasrestore.core.PixelSource
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/**
 * Writes a restored picture as a file that others can open.
 *
 * Android compresses JPEG from a bitmap that is in memory as a whole, so that
 * only pictures up to [JPEG_PIXELS] become one. Larger ones, and those with
 * opacity or from a file without loss, are written as PNG row by row.
 */
object Encoder {
    /** Larger pictures are written as PNG: 64 megabytes as a bitmap. */
    const val JPEG_PIXELS = 16_000_000L

    private const val QUALITY = 95
    private const val ROWS = 64
    private const val BUFFER = 1 shl 16

    /** Whether a picture made from that photo is written as JPEG. */
    fun isJpeg(photo: Photo, width: Int, height: Int): Boolean =
        !photo.layout.hasAlpha && photo.type != "image/png" &&
            width.toLong() * height <= JPEG_PIXELS

    /** The name that the file of a picture made from that photo gets. */
    fun nameOf(photo: Photo, jpeg: Boolean): String {
        val stem = photo.file.name.substringBeforeLast('.').ifBlank { "photo" }
        return stem + "_restored" + if (jpeg) ".jpg" else ".png"
    }

    /**
     * Writes the file and carries over what the camera noted.
     *
     * @param photo what the picture was made from.
     * @param picture the picture, upright.
     * @param file takes it; its extension says which kind.
     * @throws IOException if there is no room for it.
     */
    fun encode(photo: Photo, picture: PixelSource, file: File) {
        var whole = false
        try {
            if (file.extension == "jpg") {
                writeJpeg(photo, picture, file)
            } else {
                writePng(photo, picture, file)
            }
            ExifFields.copy(photo.file, file, picture.width, picture.height)
            whole = true
        } finally {
            if (!whole) file.delete()
        }
    }

    private fun writePng(photo: Photo, picture: PixelSource, file: File) {
        file.outputStream().buffered(BUFFER).use { out ->
            val (width, height) = picture.width to picture.height
            PngWriter(out, width, height, picture.layout, photo.profile)
                .use { writer ->
                    eachBand(picture) { _, rows, pixels ->
                        writer.write(rows, pixels)
                    }
                    writer.finish()
                }
        }
    }

    private fun writeJpeg(photo: Photo, picture: PixelSource, file: File) {
        // Of the photo's colour space, whose profile goes into the file.
        val bitmap = Bitmap.createBitmap(
            picture.width,
            picture.height,
            Bitmap.Config.ARGB_8888,
            false,
            photo.colorSpace,
        )
        try {
            val canvas = Canvas(bitmap)
            eachBand(picture) { top, rows, pixels ->
                val band = bitmapOf(photo, picture.width, rows, pixels)
                canvas.drawBitmap(band, 0f, top.toFloat(), null)
                band.recycle()
            }
            val written = file.outputStream().buffered(BUFFER).use { out ->
                bitmap.compress(Bitmap.CompressFormat.JPEG, QUALITY, out)
            }
            if (!written) throw IOException("The JPEG could not be written.")
        } finally {
            bitmap.recycle()
        }
    }

    private inline fun eachBand(
        picture: PixelSource,
        take: (top: Int, rows: Int, pixels: ByteArray) -> Unit,
    ) {
        val pixels = ByteArray(ROWS * picture.width * picture.layout.channels)
        for (top in 0 until picture.height step ROWS) {
            val rows = minOf(ROWS, picture.height - top)
            picture.read(0, top, picture.width, rows, pixels)
            take(top, rows, pixels)
        }
    }

    /** Pixels of a photo as a bitmap of its colour space. */
    fun bitmapOf(
        photo: Photo,
        width: Int,
        height: Int,
        pixels: ByteArray,
    ): Bitmap {
        val alpha = photo.layout.hasAlpha
        val bitmap = Bitmap.createBitmap(
            width, height, Bitmap.Config.ARGB_8888, alpha, photo.colorSpace,
        )
        val shown = ScreenPixels.convert(photo.layout, pixels, width * height)
        bitmap.copyPixelsFromBuffer(ByteBuffer.wrap(shown))
        return bitmap
    }
}
