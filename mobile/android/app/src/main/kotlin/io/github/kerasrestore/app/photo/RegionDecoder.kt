package io.github.kerasrestore.app.photo

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.BitmapRegionDecoder
import android.graphics.ColorSpace
import android.graphics.Rect
import android.os.Build
import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.Refusal
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/**
 * Decodes parts of a file by Android's decoder.
 *
 * @param file a JPEG, PNG, WebP or whatever else the device knows.
 * @param layout what is kept of each pixel.
 * @param colorSpace that is wanted, `null` for the one of the file.
 * @throws Refusal if it cannot be read in parts.
 */
class RegionDecoder(
    file: File,
    private val layout: PixelLayout,
    colorSpace: ColorSpace?,
) : BandSource.Decoder {
    private val decoder = open(file)
    private var decoded = ByteBuffer.allocateDirect(0)

    // Bytes as they are in the file, not multiplied by the opacity.
    private val options = BitmapFactory.Options().apply {
        inPreferredConfig = Bitmap.Config.ARGB_8888
        inPremultiplied = false
        inPreferredColorSpace = colorSpace
    }

    /** Decodes a rectangle as a bitmap. */
    fun decode(area: BandSource.Area): Bitmap {
        val place = with(area) { Rect(left, top, left + columns, top + rows) }
        val bitmap = decoder.decodeRegion(place, options)
            ?: throw Refusal(DAMAGED)
        // A file that is cut off may give less than was asked for.
        val whole = bitmap.width == area.columns &&
            bitmap.height == area.rows &&
            bitmap.config == Bitmap.Config.ARGB_8888
        if (!whole) throw Refusal(DAMAGED)
        return bitmap
    }

    override fun decode(area: BandSource.Area, into: ByteArray) {
        val bitmap = decode(area)
        if (decoded.capacity() < bitmap.byteCount) {
            decoded = ByteBuffer.allocateDirect(bitmap.byteCount)
        }
        // `getPixels` would convert to sRGB.
        bitmap.copyPixelsToBuffer(decoded.duplicate())
        bitmap.recycle()
        var to = 0
        for (pixel in 0 until area.columns * area.rows) {
            val from = pixel * ScreenPixels.SIZE
            for (color in 0 until layout.colors) {
                into[to++] = decoded.get(from + color)
            }
            if (layout.hasAlpha) into[to++] = decoded.get(from + ALPHA)
        }
    }

    override fun close() = decoder.recycle()

    private companion object {
        const val ALPHA = 3
        const val DAMAGED =
            "This picture is damaged and cannot be read to its end; choose " +
                "another one."
        const val WHOLE_ONLY =
            "Pictures of this kind cannot be read in parts; save it as PNG " +
                "or JPEG and choose that."

        fun open(file: File): BitmapRegionDecoder = try {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
                BitmapRegionDecoder.newInstance(file.path)
            } else {
                @Suppress("DEPRECATION")
                BitmapRegionDecoder.newInstance(file.path, false)
            }
        } catch (error: IOException) {
            throw Refusal(WHOLE_ONLY, error)
        } ?: throw Refusal(WHOLE_ONLY)
    }
}
