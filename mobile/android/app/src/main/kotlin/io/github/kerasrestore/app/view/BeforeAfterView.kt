package io.github.kerasrestore.app.view

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.graphics.RectF
import android.os.Build
import android.os.Bundle
import android.os.Parcelable
import android.util.AttributeSet
import android.view.GestureDetector
import android.view.KeyEvent
import android.view.MotionEvent
import android.view.ScaleGestureDetector
import android.view.View
import android.view.accessibility.AccessibilityEvent
import io.github.kerasrestore.app.R
import io.github.kerasrestore.core.Divider
import io.github.kerasrestore.core.Viewport
import kotlin.math.roundToInt

/**
 * A picture before and after, on the two sides of a line that is dragged.
 *
 * Pinch or double tap to enlarge; when enlarged, a drag beside the line moves
 * the picture. Arrow keys and TalkBack move the line by steps.
 */
class BeforeAfterView @JvmOverloads constructor(
    context: Context,
    attributes: AttributeSet? = null,
) : View(context, attributes) {
    /**
     * Called when the picture has come to rest, with the part of it that is
     * seen if that has more pixels than the previews.
     */
    var onRest: (Rect) -> Unit = {}

    private var before: Bitmap? = null
    private var after: Bitmap? = null

    // How much of the result is there, from the top.
    private var share = 1f
    private var detail: Detail? = null
    private var viewport: Viewport? = null
    private var divider = Divider()
    private var dividing = false

    // What was looked at before the view was made anew.
    private var look: FloatArray? = null

    private val reach = REACH * resources.displayMetrics.density
    private val painter = DividerPainter(context)
    private val paint = Paint(Paint.FILTER_BITMAP_FLAG)
    private val target = RectF()
    private val handle = Rect()
    private val rest = Runnable(::rested)
    private val pinch = ScaleGestureDetector(context, Pinch())
    private val gestures = GestureDetector(context, Gestures())
    private var size = intArrayOf(0, 0)

    init {
        isFocusable = true
        accessibilityDelegate = DividerAccessibility(
            current = { divider.takeIf { after != null } },
            move = ::divide,
        )
        contentDescription = context.getString(R.string.picture_empty)
    }

    /**
     * Shows another picture as a whole.
     *
     * @param width of the picture itself, however small the preview is.
     * @param height of the picture itself.
     * @param before a preview, `null` for no picture.
     */
    fun show(width: Int, height: Int, before: Bitmap?) {
        if (before === this.before) return
        this.before = before
        detail = null
        size = intArrayOf(width, height)
        viewport = null
        frame()
        describe()
        moved()
    }

    /**
     * Shows what became of the picture.
     *
     * @param after a preview, `null` for none.
     * @param share how much of it is there, from the top.
     */
    fun showAfter(after: Bitmap?, share: Float) {
        val other = after !== this.after
        this.after = after
        this.share = share
        if (other) {
            detail = null
            describe()
            moved()
        }
        invalidate()
    }

    /** Shows a part of the picture in its own pixels. */
    fun showDetail(detail: Detail?) {
        this.detail = detail
        invalidate()
    }

    /** Looks for more pixels again, as there may be others now. */
    fun refresh() {
        detail = null
        moved()
    }

    private fun frame() {
        if (before == null || width == 0 || height == 0) return
        val (columns, rows) = size
        val (wide, high) = width.toFloat() to height.toFloat()
        val old = viewport
        viewport = old?.resized(wide, high)
            ?: look?.let { (zoom, x, y) ->
                Viewport(wide, high, columns, rows, zoom, x, y)
                    .resized(wide, high)
            }
            ?: Viewport(wide, high, columns, rows)
        look = null
    }

    private fun describe() {
        val text = when {
            before == null -> R.string.picture_empty
            after == null -> R.string.picture
            else -> R.string.picture_compared
        }
        contentDescription = context.getString(text)
        state()
    }

    private fun state() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
        stateDescription = if (after == null) {
            null
        } else {
            context.getString(R.string.divider_state, divider.beforePercent)
        }
    }

    override fun onDraw(canvas: Canvas) {
        val before = before ?: return
        val viewport = viewport ?: return
        val after = after
        if (after == null) {
            drawSide(canvas, viewport, before, 1f, detail?.before)
            return
        }
        val x = divider.x(viewport)
        canvas.save()
        canvas.clipRect(0f, 0f, x, height.toFloat())
        drawSide(canvas, viewport, before, 1f, detail?.before)
        canvas.restore()
        canvas.save()
        canvas.clipRect(x, 0f, width.toFloat(), height.toFloat())
        if (share < 1f) drawSide(canvas, viewport, before, 1f, null)
        drawSide(canvas, viewport, after, share, detail?.after)
        canvas.restore()
        painter.draw(canvas, x, width, height)
    }

    private fun drawSide(
        canvas: Canvas,
        viewport: Viewport,
        whole: Bitmap,
        share: Float,
        part: Bitmap?,
    ) {
        with(viewport) { target.set(left, top, right, bottom) }
        canvas.save()
        canvas.clipRect(
            0f, 0f, width.toFloat(), target.top + target.height() * share,
        )
        canvas.drawBitmap(whole, null, target, paint)
        canvas.restore()
        val area = detail?.area
        if (area == null || part == null) return
        with(viewport) {
            target.set(
                left + area.left * scale,
                top + area.top * scale,
                left + area.right * scale,
                top + area.bottom * scale,
            )
        }
        // Single pixels are to be seen as such.
        paint.isFilterBitmap = viewport.scale < SINGLE_PIXELS
        canvas.drawBitmap(part, null, target, paint)
        paint.isFilterBitmap = true
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val viewport = viewport ?: return super.onTouchEvent(event)
        if (event.actionMasked == MotionEvent.ACTION_DOWN) {
            val meant = viewport.zoom <= 1f ||
                divider.isHit(event.x, viewport, reach)
            dividing = after != null && meant
            parent?.requestDisallowInterceptTouchEvent(true)
        }
        if (event.pointerCount > 1) dividing = false
        pinch.onTouchEvent(event)
        gestures.onTouchEvent(event)
        return true
    }

    override fun performClick(): Boolean {
        super.performClick()
        return true
    }

    override fun onKeyDown(keyCode: Int, event: KeyEvent): Boolean {
        if (after == null) return super.onKeyDown(keyCode, event)
        when (keyCode) {
            KeyEvent.KEYCODE_DPAD_LEFT ->
                divide(divider.movedBy(-DividerAccessibility.STEP))
            KeyEvent.KEYCODE_DPAD_RIGHT ->
                divide(divider.movedBy(DividerAccessibility.STEP))
            KeyEvent.KEYCODE_PLUS, KeyEvent.KEYCODE_NUMPAD_ADD -> zoom(2f)
            KeyEvent.KEYCODE_MINUS, KeyEvent.KEYCODE_NUMPAD_SUBTRACT ->
                zoom(0.5f)
            else -> return super.onKeyDown(keyCode, event)
        }
        return true
    }

    private fun zoom(factor: Float) =
        move { it.zoomedBy(factor, width / 2f, height / 2f) }

    private fun move(change: (Viewport) -> Viewport) {
        viewport = viewport?.let(change)
        moved()
    }

    private fun moved() {
        removeCallbacks(rest)
        postDelayed(rest, REST_MILLISECONDS)
        exclude()
        invalidate()
    }

    private fun rested() {
        val viewport = viewport ?: return
        val preview = before ?: return
        // The previews show as much as there is to be seen.
        if (viewport.scale * size[0] <= preview.width) return
        val seen = Rect(
            viewport.imageX(0f).toInt(),
            viewport.imageY(0f).toInt(),
            viewport.imageX(width.toFloat()).toInt() + 1,
            viewport.imageY(height.toFloat()).toInt() + 1,
        )
        if (seen.intersect(0, 0, size[0], size[1])) onRest(seen)
    }

    private fun divide(moved: Divider) {
        if (after == null || moved == divider) return
        divider = moved
        state()
        sendAccessibilityEvent(AccessibilityEvent.TYPE_VIEW_SELECTED)
        exclude()
        invalidate()
    }

    /** Keeps the system's back gesture off the handle. */
    private fun exclude() {
        val viewport = viewport
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return
        if (after == null || viewport == null) {
            systemGestureExclusionRects = emptyList()
            return
        }
        val x = divider.x(viewport).roundToInt()
        val around = reach.roundToInt()
        val middle = height / 2
        handle.set(x - around, middle - around, x + around, middle + around)
        systemGestureExclusionRects = listOf(handle)
    }

    override fun onSizeChanged(width: Int, height: Int, oldW: Int, oldH: Int) {
        super.onSizeChanged(width, height, oldW, oldH)
        frame()
        moved()
    }

    override fun onSaveInstanceState(): Parcelable = Bundle().apply {
        putParcelable(KEY_SUPER, super.onSaveInstanceState())
        putFloat(KEY_DIVIDER, divider.position)
        viewport?.let {
            putFloatArray(
                KEY_LOOK, floatArrayOf(it.zoom, it.centerX, it.centerY),
            )
        }
    }

    override fun onRestoreInstanceState(state: Parcelable?) {
        val bundle = state as? Bundle ?: return
        @Suppress("DEPRECATION") // The typed call came with Android 13.
        super.onRestoreInstanceState(bundle.getParcelable(KEY_SUPER))
        divider = Divider(bundle.getFloat(KEY_DIVIDER, divider.position))
        look = bundle.getFloatArray(KEY_LOOK)
        describe()
    }

    override fun onDetachedFromWindow() {
        removeCallbacks(rest)
        super.onDetachedFromWindow()
    }

    private inner class Pinch :
        ScaleGestureDetector.SimpleOnScaleGestureListener() {
        override fun onScale(detector: ScaleGestureDetector): Boolean {
            val (x, y) = detector.focusX to detector.focusY
            move { it.zoomedBy(detector.scaleFactor, x, y) }
            return true
        }
    }

    private inner class Gestures : GestureDetector.SimpleOnGestureListener() {
        override fun onDown(event: MotionEvent) = true

        override fun onScroll(
            down: MotionEvent?,
            event: MotionEvent,
            distanceX: Float,
            distanceY: Float,
        ): Boolean {
            val viewport = viewport ?: return false
            if (dividing) {
                val x = divider.x(viewport) - distanceX
                divide(divider.movedTo(x, viewport))
            } else {
                move { it.pannedBy(-distanceX, -distanceY) }
            }
            return true
        }

        override fun onDoubleTap(event: MotionEvent): Boolean {
            move { it.toggled(event.x, event.y) }
            return true
        }

        override fun onSingleTapConfirmed(event: MotionEvent) = performClick()
    }

    private companion object {
        const val SINGLE_PIXELS = 2f
        const val REST_MILLISECONDS = 200L

        // In density-independent pixels: how near a finger has to come.
        const val REACH = 28f
        const val KEY_SUPER = "super"
        const val KEY_DIVIDER = "divider"
        const val KEY_LOOK = "look"
    }
}
