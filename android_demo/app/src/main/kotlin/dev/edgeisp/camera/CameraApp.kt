package dev.edgeisp.camera

import android.app.Application
import android.content.ComponentCallbacks2
import android.content.Context
import dev.edgeisp.core.Event

class CameraApp : Application() {
    val desk: Desk by lazy { Desk(this) }

    /** The preview is what can be given up; a shot in memory and a picture that is being rendered are not. */
    override fun onTrimMemory(level: Int) {
        super.onTrimMemory(level)
        if (level >= ComponentCallbacks2.TRIM_MEMORY_RUNNING_LOW) desk.send(Event.Away)
    }
}

val Context.desk: Desk get() = (applicationContext as CameraApp).desk
