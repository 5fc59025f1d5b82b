package io.github.kerasrestore.app

import android.app.Activity
import android.os.Build
import android.view.View
import android.view.WindowInsets
import android.widget.Toolbar

/**
 * Sets up what every screen has: the bar at the top, and a distance to the
 * system's bars and to cut-outs, which lie over the window since Android 15.
 */
fun Activity.setUpWindow() {
    setActionBar(findViewById<Toolbar>(R.id.toolbar))
    findViewById<View>(R.id.root).setOnApplyWindowInsetsListener { root, all ->
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            val kinds = WindowInsets.Type.systemBars() or
                WindowInsets.Type.displayCutout()
            val insets = all.getInsets(kinds)
            root.setPadding(
                insets.left, insets.top, insets.right, insets.bottom,
            )
            WindowInsets.CONSUMED
        } else {
            @Suppress("DEPRECATION")
            root.setPadding(
                all.systemWindowInsetLeft,
                all.systemWindowInsetTop,
                all.systemWindowInsetRight,
                all.systemWindowInsetBottom,
            )
            all
        }
    }
}
