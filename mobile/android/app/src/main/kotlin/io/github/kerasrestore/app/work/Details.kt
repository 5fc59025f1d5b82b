package io.github.kerasrestore.app.work

import android.graphics.Bitmap
import android.graphics.Rect
import io.github.kerasrestore.app.photo.Encoder
import io.github.kerasrestore.app.photo.Photo
import io.github.kerasrestore.app.view.Detail
import io.github.kerasrestore.core.PixelSource
import io.github.kerasrestore.core.RawImage
import java.io.File

/**
 * Reads parts of a photo and of what became of it, pixel by pixel.
 *
 * @param photo as it was.
 * @param result the restored pixels, `null` if there are none.
 * @param scale enlargement of the result.
 */
class Details(
    private val photo: Photo,
    private val result: File?,
    private val scale: Int,
) {
    /** A part of the photo, `null` if it is too large to be read at once. */
    fun read(area: Rect): Detail? {
        val enlarged = if (result == null) 1L else scale.toLong() * scale
        val pixels = area.width().toLong() * area.height() * enlarged
        if (area.isEmpty || pixels > LARGEST) return null
        val before = photo.source(budget = 0).use { read(it, area) }
        val after = result?.let { file ->
            RawImage(
                file, photo.width * scale, photo.height * scale, photo.layout,
            ).use { picture ->
                val place = Rect(
                    area.left * scale,
                    area.top * scale,
                    area.right * scale,
                    area.bottom * scale,
                )
                read(picture, place)
            }
        }
        return Detail(area, before, after)
    }

    private fun read(source: PixelSource, area: Rect): Bitmap {
        val (columns, rows) = area.width() to area.height()
        val pixels = ByteArray(columns * rows * source.layout.channels)
        source.read(area.left, area.top, columns, rows, pixels)
        return Encoder.bitmapOf(photo, columns, rows, pixels)
    }

    private companion object {
        // A screen of pixels; 16 megabytes as a bitmap.
        const val LARGEST = 4_000_000L
    }
}
