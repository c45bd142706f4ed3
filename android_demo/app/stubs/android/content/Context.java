package android.content;

/** Since API 26. */
public abstract class Context {
    public native ComponentName startForegroundService(Intent service);
}
