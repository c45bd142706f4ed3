package dev.edgeisp.camera

import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureFailure
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.DngCreator
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.util.Size
import dev.edgeisp.core.Capture
import dev.edgeisp.core.Failure
import dev.edgeisp.core.SensorMemory
import java.io.OutputStream
import java.nio.ByteBuffer

/** Gathers what comes of one press of the shutter, in whatever order: the RAW, the phone's JPEG, and what the camera says of it. */
class Pending(
    private val camera: CameraCharacteristics,
    private val held: Int,
    private val done: (Result<Capture>) -> Unit,
) : CameraCaptureSession.CaptureCallback() {
    private var began: Long? = null
    private var raw: SensorMemory? = null
    private var jpeg: ByteArray? = null
    private var hasJpeg = false
    private var result: TotalCaptureResult? = null
    private var isDone = false

    /** By which the phone turns its JPEG. */
    val degrees: Int = (mounted() + if (isFront()) -held else held).mod(360)

    /** Whether an image is of this shot rather than of a stream or of a shot before it. */
    fun isOf(image: Image): Boolean = image.timestamp == began

    fun onRaw(memory: SensorMemory) {
        raw = memory
        finish()
    }

    /** Null where memory has no room for it. */
    fun onJpeg(bytes: ByteArray?) {
        jpeg = bytes
        hasJpeg = true
        finish()
    }

    override fun onCaptureStarted(session: CameraCaptureSession, request: CaptureRequest, timestamp: Long, frameNumber: Long) {
        began = timestamp
    }

    override fun onCaptureCompleted(session: CameraCaptureSession, request: CaptureRequest, total: TotalCaptureResult) {
        result = total
        finish()
    }

    override fun onCaptureFailed(session: CameraCaptureSession, request: CaptureRequest, failure: CaptureFailure) = giveUp()

    /** Nothing more will come. A RAW that is here with what belongs to it is not thrown away for a JPEG that is not. */
    fun giveUp(why: Failure = Failure.NoCamera("it gave no RAW")) = if (raw != null && result != null) settle() else fail(why)

    fun fail(failure: Failure) {
        if (isDone) return
        isDone = true
        done(Result.failure(failure))
    }

    private fun finish() {
        if (raw != null && result != null && hasJpeg) settle()
    }

    private fun settle() {
        val (raw, result) = (raw ?: return) to (result ?: return)
        if (isDone) return
        isDone = true
        val shot = runCatching { shot(camera, result, held) }
        done(Result.success(Capture(raw, shot, jpeg) { to -> writeDng(to, raw, result) }))
    }

    private fun writeDng(to: OutputStream, raw: SensorMemory, result: TotalCaptureResult) {
        val dng = DngCreator(camera, result)
        try {
            dng.setOrientation(ORIENTATIONS.getValue(degrees))
            dng.writeByteBuffer(to, Size(raw.width, raw.height), tight(raw), 0)
        } finally {
            dng.close()
        }
    }

    /** Rows without gaps, as DngCreator wants them; direct memory, as its documentation asks for. */
    private fun tight(raw: SensorMemory): ByteBuffer {
        require(raw.pixelStride == 2 && raw.rowStride >= 2 * raw.width) { "rows of ${raw.rowStride} bytes" }
        val made = ByteBuffer.allocateDirect(2 * raw.width * raw.height)
        val source = raw.bytes.duplicate()
        for (row in 0 until raw.height) {
            source.limit(row * raw.rowStride + 2 * raw.width)
            source.position(row * raw.rowStride)
            made.put(source)
        }
        made.rewind()
        return made
    }

    private fun mounted() = camera.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
    private fun isFront() = camera.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_FRONT

    private companion object {
        /** EXIF orientations by degrees clockwise. */
        val ORIENTATIONS = mapOf(0 to 1, 90 to 6, 180 to 3, 270 to 8)
    }
}
