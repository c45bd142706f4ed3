package dev.edgeisp.camera

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.Service
import android.content.ContentResolver
import android.content.ContentValues
import android.content.Context
import android.content.Intent
import android.hardware.camera2.CaptureResult
import android.net.Uri
import android.os.Build
import android.os.PowerManager
import android.provider.MediaStore
import dev.edgeisp.core.Thermal
import java.util.concurrent.Executor

/**
 * Everything of Android that is newer than API 23, the level that builds without an SDK compile against (app/stubs declares
 * what is used here). The app asks for API 26; what is newer than that is asked for its level first.
 */
object Newer {
    private const val API_28 = 28
    private const val API_29 = 29
    private const val API_33 = 33
    private const val TYPE_DATA_SYNC = 1 // ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC
    private const val IMPORTANCE_LOW = 2 // NotificationManager.IMPORTANCE_LOW

    /** Whether pictures are added without a permission. */
    val hasScopedStorage: Boolean get() = Build.VERSION.SDK_INT > API_28

    /** Whether notifications need a permission. */
    val asksForNotifications: Boolean get() = Build.VERSION.SDK_INT >= API_33

    fun blackLevels(result: CaptureResult): List<Double>? =
        result.get(CaptureResult.SENSOR_DYNAMIC_BLACK_LEVEL)?.map(Float::toDouble)

    fun whiteLevel(result: CaptureResult): Double? = result.get(CaptureResult.SENSOR_DYNAMIC_WHITE_LEVEL)?.toDouble()

    /** [Thermal.NONE] before Android 10, which does not say. */
    fun thermal(power: PowerManager): Thermal =
        if (Build.VERSION.SDK_INT >= API_29) Thermal.of(power.currentThermalStatus) else Thermal.NONE

    fun onThermal(power: PowerManager, executor: Executor, told: (Thermal) -> Unit) {
        if (Build.VERSION.SDK_INT < API_29) return
        power.addThermalStatusListener(executor, PowerManager.OnThermalStatusChangedListener { told(Thermal.of(it)) })
    }

    fun startForegroundService(context: Context, service: Intent) {
        context.startForegroundService(service)
    }

    fun toForeground(service: Service, id: Int, notification: Notification) {
        if (Build.VERSION.SDK_INT >= API_29) {
            service.startForeground(id, notification, TYPE_DATA_SYNC)
        } else {
            service.startForeground(id, notification)
        }
    }

    fun notification(context: Context, channel: String, name: CharSequence): Notification.Builder {
        val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        manager.createNotificationChannel(NotificationChannel(channel, name, IMPORTANCE_LOW))
        return Notification.Builder(context, channel)
    }

    /** A place among the user's pictures that nobody sees before [publish]; from Android 10 on. */
    fun pending(resolver: ContentResolver, name: String, mime: String, folder: String): Uri? {
        val values = ContentValues()
        values.put(MediaStore.MediaColumns.DISPLAY_NAME, name)
        values.put(MediaStore.MediaColumns.MIME_TYPE, mime)
        values.put("relative_path", folder) // MediaColumns.RELATIVE_PATH
        values.put("is_pending", 1) // MediaColumns.IS_PENDING
        return resolver.insert(MediaStore.Images.Media.getContentUri("external_primary"), values)
    }

    fun publish(resolver: ContentResolver, place: Uri) {
        val values = ContentValues()
        values.put("is_pending", 0)
        resolver.update(place, values, null, null)
    }
}
