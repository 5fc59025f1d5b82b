package io.github.kerasrestore.app.view

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.RectF
import io.github.kerasrestore.app.R

/**
 * Draws the line between before and after, its handle and the two words.
 *
 * @param context of the view.
 */
internal class DividerPainter(context: Context) {
    private val density = context.resources.displayMetrics.density
    private val line = Paint(Paint.ANTI_ALIAS_FLAG)
    private val shade = Paint(Paint.ANTI_ALIAS_FLAG)
    private val text = Paint(Paint.ANTI_ALIAS_FLAG)
    private val box = RectF()
    private val before = context.getString(R.string.before)
    private val after = context.getString(R.string.after)

    init {
        line.color = context.getColor(R.color.divider)
        line.strokeWidth = LINE * density
        shade.color = context.getColor(R.color.shade)
        text.color = line.color
        text.textSize = context.resources.getDimension(R.dimen.label_text)
    }

    /** Draws at a column of a view of that size. */
    fun draw(canvas: Canvas, x: Float, width: Int, height: Int) {
        val middle = height / 2f
        val radius = HANDLE * density
        val edge = OUTLINE * density
        shade.strokeWidth = line.strokeWidth + 2 * edge
        canvas.drawLine(x, 0f, x, height.toFloat(), shade)
        canvas.drawLine(x, 0f, x, height.toFloat(), line)
        canvas.drawCircle(x, middle, radius + edge, shade)
        canvas.drawCircle(x, middle, radius, line)
        shade.strokeWidth = line.strokeWidth
        drawArrow(canvas, x, middle, -radius)
        drawArrow(canvas, x, middle, radius)
        drawWord(canvas, before, x - SPACE * density - widthOf(before), width)
        drawWord(canvas, after, x + SPACE * density, width)
    }

    private fun drawArrow(canvas: Canvas, x: Float, y: Float, size: Float) {
        val tip = x + size * ARROW_TIP
        val foot = x + size * ARROW_FOOT
        val rise = size * ARROW_RISE
        canvas.drawLine(foot, y - rise, tip, y, shade)
        canvas.drawLine(foot, y + rise, tip, y, shade)
    }

    private fun widthOf(word: String) =
        text.measureText(word) + 2 * SPACE * density

    /** A word in a box, if there is room for all of it. */
    private fun drawWord(
        canvas: Canvas,
        word: String,
        left: Float,
        width: Int,
    ) {
        val space = SPACE * density
        val right = left + widthOf(word)
        if (left < 0 || right > width) return
        box.set(left, space, right, 2 * space + text.fontSpacing)
        canvas.drawRoundRect(box, space, space, shade)
        val base = space * 3 / 2 - text.ascent()
        canvas.drawText(word, left + space, base, text)
    }

    private companion object {
        // In density-independent pixels.
        const val LINE = 2f
        const val OUTLINE = 1f
        const val HANDLE = 18f
        const val SPACE = 8f

        // In radii of the handle.
        const val ARROW_TIP = 0.65f
        const val ARROW_FOOT = 0.3f
        const val ARROW_RISE = 0.35f
    }
}
