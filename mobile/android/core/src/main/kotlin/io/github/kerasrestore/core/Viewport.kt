package io.github.kerasrestore.core

/**
 * Which part of a picture a view shows.
 *
 * @property viewWidth of the view, in its pixels.
 * @property viewHeight of the view, in its pixels.
 * @property imageWidth of the picture.
 * @property imageHeight of the picture.
 * @property zoom 1 where the whole picture fits the view just so.
 * @property centerX what lies at the middle of the view, 0..1 of the picture.
 * @property centerY the same from top to bottom.
 */
data class Viewport(
    val viewWidth: Float,
    val viewHeight: Float,
    val imageWidth: Int,
    val imageHeight: Int,
    val zoom: Float = 1f,
    val centerX: Float = 0.5f,
    val centerY: Float = 0.5f,
) {
    init {
        require(viewWidth > 0 && viewHeight > 0) { "The view has a size." }
        require(imageWidth > 0 && imageHeight > 0) { "The picture has a size." }
    }

    private val fit: Float =
        minOf(viewWidth / imageWidth, viewHeight / imageHeight)

    /** The largest zoom: a pixel of the picture is 8 of the view then. */
    val maxZoom: Float = maxOf(1f, 8f / fit)

    /** Pixels of the view for one of the picture. */
    val scale: Float
        get() = fit * zoom

    /** Where the picture's left edge lies in the view. */
    val left: Float
        get() = viewWidth / 2 - centerX * imageWidth * scale

    /** Where the picture's top edge lies in the view. */
    val top: Float
        get() = viewHeight / 2 - centerY * imageHeight * scale

    /** Where the picture's right edge lies in the view. */
    val right: Float
        get() = left + imageWidth * scale

    /** Where the picture's bottom edge lies in the view. */
    val bottom: Float
        get() = top + imageHeight * scale

    /** Column of the picture under a place of the view. */
    fun imageX(viewX: Float): Float = (viewX - left) / scale

    /** Row of the picture under a place of the view. */
    fun imageY(viewY: Float): Float = (viewY - top) / scale

    /** The whole picture. */
    fun fitted(): Viewport = copy(zoom = 1f, centerX = 0.5f, centerY = 0.5f)

    /** The same part in a view of another size. */
    fun resized(width: Float, height: Float): Viewport =
        copy(viewWidth = width, viewHeight = height).clamped()

    /** Moved along with a finger. */
    fun pannedBy(dx: Float, dy: Float): Viewport = copy(
        centerX = centerX - dx / (imageWidth * scale),
        centerY = centerY - dy / (imageHeight * scale),
    ).clamped()

    /** Zoomed so that what is under the focus stays there. */
    fun zoomedBy(factor: Float, focusX: Float, focusY: Float): Viewport {
        if (!(factor > 0f) || factor.isInfinite()) return this
        return zoomedTo(zoom * factor, focusX, focusY)
    }

    /** After a double tap: one to one, or whole again. */
    fun toggled(focusX: Float, focusY: Float): Viewport {
        if (zoom > 1f) return fitted()
        return zoomedTo(maxOf(1f / fit, 2f), focusX, focusY)
    }

    private fun zoomedTo(
        wanted: Float,
        focusX: Float,
        focusY: Float,
    ): Viewport {
        val x = imageX(focusX)
        val y = imageY(focusY)
        val next = copy(zoom = wanted.coerceIn(1f, maxZoom))
        return next.copy(
            centerX = (x - (focusX - viewWidth / 2) / next.scale) / imageWidth,
            centerY =
                (y - (focusY - viewHeight / 2) / next.scale) / imageHeight,
        ).clamped()
    }

    /** Never with more border than it has to be. */
    private fun clamped(): Viewport {
        val zoom = zoom.coerceIn(1f, maxZoom)
        val halfX = viewWidth / (2 * imageWidth * fit * zoom)
        val halfY = viewHeight / (2 * imageHeight * fit * zoom)
        return copy(
            zoom = zoom,
            centerX = clamp(centerX, halfX),
            centerY = clamp(centerY, halfY),
        )
    }

    private fun clamp(center: Float, half: Float): Float =
        if (half >= 0.5f) 0.5f else center.coerceIn(half, 1f - half)
}
