package android.app;

/** Since API 26. */
public class NotificationManager {
    public native void createNotificationChannel(NotificationChannel channel);
}
