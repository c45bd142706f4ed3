package android.os;

import java.util.concurrent.Executor;

/** Since API 29. */
public class PowerManager {
    public interface OnThermalStatusChangedListener {
        void onThermalStatusChanged(int status);
    }

    public native int getCurrentThermalStatus();

    public native void addThermalStatusListener(Executor executor, OnThermalStatusChangedListener listener);
}
