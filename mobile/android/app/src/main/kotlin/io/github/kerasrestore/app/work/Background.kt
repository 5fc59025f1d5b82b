package io.github.kerasrestore.app.work

import android.content.Context
import android.content.Intent
import io.github.kerasrestore.app.RestoreService
import io.github.kerasrestore.core.Notice

/**
 * Tells the system of work that is to go on while another app is in front.
 *
 * For the main thread.
 *
 * @param context of the application.
 */
class Background(private val context: Context) {
    /** What there is to tell, `null` when nothing is under way. */
    var notice: Notice? = null
        private set

    /** Called when [notice] has changed. */
    var onChange: (Notice?) -> Unit = {}

    /** Takes what there is to tell now. */
    fun follow(next: Notice?) {
        if (next == notice) return
        val begins = notice == null
        notice = next
        if (begins) start()
        onChange(next)
    }

    private fun start() {
        val intent = Intent(context, RestoreService::class.java)
        try {
            context.startForegroundService(intent)
        } catch (_: IllegalStateException) {
            // The app has left the screen by now. The work goes on as long as
            // the system lets it.
        }
    }
}
