package io.github.kerasrestore.app.photo

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.ColorSpace
import android.graphics.Matrix
import android.media.ExifInterface
import io.github.kerasrestore.core.Limits
import io.github.kerasrestore.core.Orientation
import io.github.kerasrestore.core.OrientedSource
import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.PixelSource
import io.github.kerasrestore.core.Refusal
import java.io.File
import java.io.IOException

/**
 * A photo that was chosen: a copy of its file, and what has to be known of it
 * before its pixels are decoded.
 *
 * Bytes are taken as they are in the file: not premultiplied by the opacity
 * and not converted to another colour space, unless the file names one whose
 * profile cannot be handed on.
 *
 * @property file the copy.
 * @property type MIME type as the decoder found it.
 * @property layout bytes of a pixel.
 * @property colorSpace what the bytes mean.
 * @property profile the ICC profile for it, `null` for sRGB.
 */
class Photo private constructor(
    val file: File,
    val type: String,
    private val storedWidth: Int,
    private val storedHeight: Int,
    private val orientation: Orientation,
    val layout: PixelLayout,
    val colorSpace: ColorSpace,
    val profile: ByteArray?,
) {
    /** Pixels from left to right when upright. */
    val width: Int
        get() = orientation.width(storedWidth, storedHeight)

    /** Pixels from top to bottom when upright. */
    val height: Int
        get() = orientation.height(storedWidth, storedHeight)

    /** Millions of pixels. */
    val megapixels: Double
        get() = storedWidth.toDouble() * storedHeight / 1e6

    /**
     * The pixels, upright, decoded as they are asked for.
     *
     * @param budget pixels that are decoded at a time, more if more are
     *   asked for.
     */
    fun source(budget: Int = BAND): PixelSource {
        val decoder = RegionDecoder(file, layout, colorSpace)
        val stored =
            BandSource(storedWidth, storedHeight, layout, budget, decoder)
        return OrientedSource(stored, orientation)
    }

    /** By how much a preview of that longest side is reduced. */
    fun sampleSize(longestSide: Int, scale: Int = 1): Int =
        Limits.sampleSize(width * scale, height * scale, longestSide)

    /** The whole photo, upright and reduced by a power of two. */
    fun preview(sample: Int): Bitmap {
        val options = BitmapFactory.Options().apply { inSampleSize = sample }
        val stored = BitmapFactory.decodeFile(file.path, options)
            ?: throw Refusal(Limits.NOT_AN_IMAGE)
        val turn = turn()
        if (turn.isIdentity) return stored
        return Bitmap.createBitmap(
            stored, 0, 0, stored.width, stored.height, turn, false,
        )
    }

    private fun turn() = Matrix().apply {
        var (across, down) = orientation.fromRight to orientation.fromBottom
        if (orientation.transposed) {
            // Rows and columns change places.
            setValues(floatArrayOf(0f, 1f, 0f, 1f, 0f, 0f, 0f, 0f, 1f))
            across = down.also { down = across }
        }
        postScale(if (across) -1f else 1f, if (down) -1f else 1f)
    }

    companion object {
        // 16 megabytes as a bitmap, as much again while it is copied and
        // at most that in bytes.
        private const val BAND = 4_000_000

        /**
         * Looks at a file.
         *
         * @param file a copy of the app's own, of the photo's name.
         * @throws Refusal if it is no picture or one that is not taken.
         * @throws IOException if it cannot be read.
         */
        fun open(file: File): Photo {
            val bounds = BitmapFactory.Options()
            bounds.inJustDecodeBounds = true
            BitmapFactory.decodeFile(file.path, bounds)
            val type = bounds.outMimeType
            if (type == null) throw Refusal(Limits.NOT_AN_IMAGE)
            Limits.check(bounds.outWidth, bounds.outHeight)
            val header = FileHeader.read(file)
            val pixel = firstPixel(file)
            val space = pixel.colorSpace
            // A space without a profile could not be named in a PNG.
            val kept = space == null || space.isSrgb || header.profile != null
            val srgb = ColorSpace.get(ColorSpace.Named.SRGB)
            val colorSpace = if (space != null && kept) space else srgb
            val photo = Photo(
                file,
                type,
                bounds.outWidth,
                bounds.outHeight,
                orientationOf(file),
                layoutOf(header.gray, pixel.hasAlpha()),
                colorSpace,
                header.profile.takeUnless { colorSpace.isSrgb },
            )
            pixel.recycle()
            return photo
        }

        private fun firstPixel(file: File): Bitmap =
            RegionDecoder(file, PixelLayout.RGBA, null).use {
                it.decode(BandSource.Area(0, 0, 1, 1))
            }

        private fun layoutOf(gray: Boolean, alpha: Boolean) = when {
            gray && alpha -> PixelLayout.GRAY_ALPHA
            gray -> PixelLayout.GRAY
            alpha -> PixelLayout.RGBA
            else -> PixelLayout.RGB
        }

        private fun orientationOf(file: File): Orientation = Orientation.of(
            ExifInterface(file.path).getAttributeInt(
                ExifInterface.TAG_ORIENTATION,
                ExifInterface.ORIENTATION_NORMAL,
            ),
        )
    }
}
