package dev.edgeisp.camera

import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.Service
import android.content.Intent
import android.os.IBinder
import dev.edgeisp.core.Event
import dev.edgeisp.core.Phase

/** Keeps the process alive, and its owner told, while a picture is rendered; the work is [Desk.render]'s. */
class RenderService : Service() {

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, id: Int): Int {
        if (intent?.action == CANCEL) {
            if (desk.session.phase == Phase.RENDERING) desk.send(Event.Cancel) else stopSelf()
            return START_NOT_STICKY
        }
        Newer.toForeground(this, NOTIFICATION, notification(0, 0))
        val manager = getSystemService(NOTIFICATION_SERVICE) as NotificationManager
        desk.render({ done, of -> manager.notify(NOTIFICATION, notification(done, of)) }) {
            stopForeground(true)
            stopSelf()
        }
        return START_NOT_STICKY
    }

    private fun notification(done: Int, of: Int): Notification {
        val flags = PendingIntent.FLAG_IMMUTABLE or PendingIntent.FLAG_UPDATE_CURRENT
        val show = PendingIntent.getActivity(this, 0, Intent(this, CameraActivity::class.java), flags)
        val cancel = PendingIntent.getService(this, 1, Intent(this, RenderService::class.java).setAction(CANCEL), flags)
        val icon = android.graphics.drawable.Icon.createWithResource(this, R.drawable.ic_lens)
        return Newer.notification(this, CHANNEL, getString(R.string.channel))
            .setSmallIcon(icon)
            .setContentTitle(getString(R.string.rendering))
            .setContentText(getString(R.string.tile, done, of))
            .setProgress(of, done, of == 0)
            .setOngoing(true)
            .setOnlyAlertOnce(true)
            .setContentIntent(show)
            .addAction(Notification.Action.Builder(icon, getString(R.string.cancel), cancel).build())
            .build()
    }

    private companion object {
        const val CHANNEL = "render"
        const val NOTIFICATION = 1
        const val CANCEL = "dev.edgeisp.camera.CANCEL"
    }
}
