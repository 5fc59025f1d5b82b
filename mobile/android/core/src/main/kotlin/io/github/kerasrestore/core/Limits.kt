package io.github.kerasrestore.core

import java.util.Locale

/** What pictures are taken, and how small their preview is. */
object Limits {
    /** Larger pictures are refused. */
    const val MAX_PIXELS = 64_000_000L

    /**
     * Looks at a size before anything is decoded.
     *
     * @param width of the picture.
     * @param height of the picture.
     * @param scale by which it will be enlarged.
     * @throws Refusal if the picture is empty or too large.
     */
    fun check(width: Int, height: Int, scale: Int = 1) {
        if (width < 1 || height < 1) throw Refusal(NOT_AN_IMAGE)
        val pixels = width.toLong() * height
        val growth = scale * scale
        if (pixels > MAX_PIXELS / growth) {
            val size =
                String.format(Locale.ROOT, "%.1f", pixels * growth / 1e6)
            throw Refusal(
                (if (scale == 1) HAS else WOULD_HAVE.format(scale)) +
                    " $size megapixels, more than the " +
                    "${MAX_PIXELS / 1_000_000} that can be restored; make " +
                    "it smaller or cut it first.",
            )
        }
    }

    /**
     * By how much a preview is reduced, a power of two as Android's decoders
     * want it.
     *
     * @param width of the picture.
     * @param height of the picture.
     * @param longestSide that the preview may have.
     * @param maxPixels that the preview may have.
     */
    fun sampleSize(
        width: Int,
        height: Int,
        longestSide: Int,
        maxPixels: Long = Long.MAX_VALUE,
    ): Int {
        require(longestSide > 0 && maxPixels > 0) {
            "A preview has at least one pixel."
        }
        var sample = 1
        while (true) {
            // Decoders round up.
            val columns = (width.toLong() + sample - 1) / sample
            val rows = (height.toLong() + sample - 1) / sample
            val fits = maxOf(columns, rows) <= longestSide &&
                columns * rows <= maxPixels
            if (fits || maxOf(columns, rows) == 1L) return sample
            sample *= 2
        }
    }

    private const val HAS = "This picture has"
    private const val WOULD_HAVE =
        "Enlarged %d times on each side, this picture would have"

    /** What is said of a file that no decoder knows. */
    const val NOT_AN_IMAGE =
        "This file is not a picture that can be opened; choose a PNG, JPEG " +
            "or WebP."
}
