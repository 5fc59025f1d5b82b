package io.github.kerasrestore.app.view

import android.os.Bundle
import android.view.View
import android.view.accessibility.AccessibilityNodeInfo
import android.view.accessibility.AccessibilityNodeInfo.AccessibilityAction
import android.view.accessibility.AccessibilityNodeInfo.RangeInfo
import android.widget.SeekBar
import io.github.kerasrestore.core.Divider

/**
 * Lets TalkBack and its like move the line between before and after, as they
 * move a slider.
 *
 * @param current the line, `null` if there is none to be moved.
 * @param move moves it.
 */
internal class DividerAccessibility(
    private val current: () -> Divider?,
    private val move: (Divider) -> Unit,
) : View.AccessibilityDelegate() {
    override fun onInitializeAccessibilityNodeInfo(
        host: View,
        info: AccessibilityNodeInfo,
    ) {
        super.onInitializeAccessibilityNodeInfo(host, info)
        val divider = current() ?: return
        info.className = SeekBar::class.java.name
        info.rangeInfo = rangeOf(divider)
        info.addAction(AccessibilityAction.ACTION_SCROLL_FORWARD)
        info.addAction(AccessibilityAction.ACTION_SCROLL_BACKWARD)
        info.addAction(AccessibilityAction.ACTION_SET_PROGRESS)
    }

    @Suppress("DEPRECATION") // The constructor came with Android 11.
    private fun rangeOf(divider: Divider): RangeInfo = RangeInfo.obtain(
        RangeInfo.RANGE_TYPE_INT, 0f, 100f, divider.beforePercent.toFloat(),
    )

    override fun performAccessibilityAction(
        host: View,
        action: Int,
        args: Bundle?,
    ): Boolean {
        val divider = current()
        if (divider == null) {
            return super.performAccessibilityAction(host, action, args)
        }
        when (action) {
            AccessibilityNodeInfo.ACTION_SCROLL_FORWARD ->
                move(divider.movedBy(STEP))
            AccessibilityNodeInfo.ACTION_SCROLL_BACKWARD ->
                move(divider.movedBy(-STEP))
            AccessibilityAction.ACTION_SET_PROGRESS.id -> {
                val key = AccessibilityNodeInfo.ACTION_ARGUMENT_PROGRESS_VALUE
                val wanted = args?.getFloat(key, -1f) ?: -1f
                if (!(wanted in 0f..100f)) return false
                move(Divider(wanted / 100))
            }
            else -> return super.performAccessibilityAction(host, action, args)
        }
        return true
    }

    companion object {
        /** Per cent that the line moves at a time. */
        const val STEP = 5
    }
}
