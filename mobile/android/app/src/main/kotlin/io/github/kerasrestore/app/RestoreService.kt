package io.github.kerasrestore.app

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.Service
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.IBinder
import android.os.PowerManager
import io.github.kerasrestore.app.work.Workshop
import io.github.kerasrestore.core.Event
import io.github.kerasrestore.core.Notice

/**
 * Lets the work go on while another app is in front or the screen is off, and
 * shows how far it is.
 *
 * Does no work itself: the workshop does, and goes on without this service
 * where the system does not allow it.
 */
class RestoreService : Service() {
    private lateinit var workshop: Workshop
    private lateinit var notifications: NotificationManager
    private lateinit var awake: PowerManager.WakeLock
    private var latest = 0

    override fun onCreate() {
        super.onCreate()
        workshop = (application as RestoreApplication).workshop
        notifications = getSystemService(NotificationManager::class.java)
        notifications.createNotificationChannel(
            NotificationChannel(
                CHANNEL,
                getString(R.string.restoring),
                NotificationManager.IMPORTANCE_LOW,
            ),
        )
        awake = getSystemService(PowerManager::class.java)
            .newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "kerasrestore:work")
        awake.acquire(LONGEST)
        workshop.background.onChange = ::show
    }

    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        latest = startId
        // Whatever the state is by now: who starts such a service has to hear
        // of it.
        val entered = enter(workshop.background.notice)
        if (intent?.action == CANCEL) workshop.dispatch(Event.Cancel)
        if (!entered || workshop.background.notice == null) leave()
        // Without the workshop there is nothing to go on with.
        return START_NOT_STICKY
    }

    override fun onTimeout(startId: Int, fgsType: Int) = leave()

    override fun onDestroy() {
        workshop.background.onChange = {}
        if (awake.isHeld) awake.release()
        super.onDestroy()
    }

    override fun onBind(intent: Intent?): IBinder? = null

    private fun enter(notice: Notice?): Boolean = try {
        val notification = notificationOf(notice)
        when {
            Build.VERSION.SDK_INT >= Build.VERSION_CODES.VANILLA_ICE_CREAM ->
                startForeground(
                    NUMBER,
                    notification,
                    ServiceInfo.FOREGROUND_SERVICE_TYPE_MEDIA_PROCESSING,
                )
            Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q ->
                startForeground(
                    NUMBER,
                    notification,
                    ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC,
                )
            else -> startForeground(NUMBER, notification)
        }
        true
    } catch (_: IllegalStateException) {
        // The hours that the system grants in a day are used up.
        false
    }

    private fun show(notice: Notice?) {
        if (notice == null) {
            leave()
        } else {
            notifications.notify(NUMBER, notificationOf(notice))
        }
    }

    private fun leave() {
        stopForeground(STOP_FOREGROUND_REMOVE)
        // Not if it was started again meanwhile.
        stopSelf(latest)
    }

    private fun notificationOf(notice: Notice?): Notification {
        val percent = notice?.percent
        val cancel = Notification.Action.Builder(
            null, getString(R.string.cancel), cancelIntent(),
        ).build()
        return Notification.Builder(this, CHANNEL)
            .setSmallIcon(R.drawable.ic_notification)
            .setContentTitle(getString(R.string.restoring))
            .setContentIntent(openIntent())
            .setProgress(FULL, percent ?: 0, percent == null)
            .setOngoing(true)
            .setOnlyAlertOnce(true)
            .setCategory(Notification.CATEGORY_PROGRESS)
            .addAction(cancel)
            .build()
    }

    private fun openIntent() = PendingIntent.getActivity(
        this,
        0,
        Intent(this, MainActivity::class.java),
        PendingIntent.FLAG_IMMUTABLE,
    )

    private fun cancelIntent() = PendingIntent.getService(
        this,
        0,
        Intent(this, RestoreService::class.java).setAction(CANCEL),
        PendingIntent.FLAG_IMMUTABLE,
    )

    private companion object {
        const val CANCEL = "io.github.kerasrestore.app.CANCEL"
        const val CHANNEL = "work"
        const val NUMBER = 1
        const val FULL = 100

        // Milliseconds; six hours a day are what Android 15 grants.
        const val LONGEST = 6 * 60 * 60 * 1000L
    }
}
