package android.hardware.camera2;

/** Since API 24. */
public class CaptureResult {
    public static class Key<T> {}

    public static final Key<float[]> SENSOR_DYNAMIC_BLACK_LEVEL = null;
    public static final Key<Integer> SENSOR_DYNAMIC_WHITE_LEVEL = null;
}
