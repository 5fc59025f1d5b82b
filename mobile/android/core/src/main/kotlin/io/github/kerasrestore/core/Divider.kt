package io.github.kerasrestore.core

import kotlin.math.abs
import kotlin.math.roundToInt

/**
 * The line between before, on its left, and after, on its right.
 *
 * @property position 0..1 of the part of the picture that can be seen.
 */
data class Divider(val position: Float = 0.5f) {
    init {
        require(position in 0f..1f) { "A divider is at 0 to 1." }
    }

    /** How much of what can be seen is before, in whole per cent. */
    val beforePercent: Int
        get() = (position * 100).roundToInt()

    /** How much of what can be seen is after, in whole per cent. */
    val afterPercent: Int
        get() = 100 - beforePercent

    /** Where the line lies in the view. */
    fun x(viewport: Viewport): Float {
        val (from, to) = seen(viewport)
        return from + position * (to - from)
    }

    /** Whether a finger at a place of the view means the line. */
    fun isHit(viewX: Float, viewport: Viewport, reach: Float): Boolean =
        abs(viewX - x(viewport)) <= reach

    /** The line where a finger drags it. */
    fun movedTo(viewX: Float, viewport: Viewport): Divider {
        val (from, to) = seen(viewport)
        if (viewX.isNaN()) return this
        return Divider(((viewX - from) / (to - from)).coerceIn(0f, 1f))
    }

    /** The line some per cent further, for keys and screen readers. */
    fun movedBy(percent: Int): Divider =
        Divider((position + percent / 100f).coerceIn(0f, 1f))

    private fun seen(viewport: Viewport): Pair<Float, Float> = Pair(
        maxOf(0f, viewport.left),
        minOf(viewport.viewWidth, viewport.right),
    )
}
