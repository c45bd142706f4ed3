package dev.edgeisp.camera

import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.util.Size
import dev.edgeisp.core.Failure

/** A camera that gives RAW, and the sizes of what it gives. */
class RawCamera private constructor(val id: String, val characteristics: CameraCharacteristics) {
    private val sizes = characteristics.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)
    val raw: Size = largest(sizes?.getOutputSizes(ImageFormat.RAW_SENSOR))
    val jpeg: Size = largest(sizes?.getOutputSizes(ImageFormat.JPEG))
    val mounted: Int = characteristics.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0

    /** Of the RAW's shape, as far as the camera has one. */
    val preview: Size = sizes?.getOutputSizes(SurfaceTexture::class.java).orEmpty()
        .filter { it.width <= PREVIEW_WIDTH }
        .minWithOrNull(compareBy({ Math.abs(it.width * raw.height - it.height * raw.width) / raw.height }, { -it.width }))
        ?: jpeg

    companion object {
        private const val PREVIEW_WIDTH = 1600

        /** The camera at the back if that one gives RAW, else any other. Throws [Failure.NoRaw] or [Failure.NoCamera]. */
        fun find(manager: CameraManager): RawCamera = try {
            val found = manager.cameraIdList.map { it to manager.getCameraCharacteristics(it) }.filter { (_, told) ->
                told.get(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES).orEmpty()
                    .contains(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES_RAW)
            }
            val (id, told) = found.minByOrNull { (_, told) ->
                if (told.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_BACK) 0 else 1
            } ?: throw Failure.NoRaw()
            RawCamera(id, told)
        } catch (error: CameraAccessException) {
            throw noCamera(error)
        }

        private fun IntArray?.orEmpty() = this ?: IntArray(0)

        private fun largest(sizes: Array<Size>?): Size =
            sizes.orEmpty().maxByOrNull { it.width.toLong() * it.height } ?: throw Failure.NoRaw()
    }
}

/** What Camera2 throws, as a failure. */
internal fun noCamera(error: Exception) = Failure.NoCamera(error.message ?: "no reason given", error)
