package dev.edgeisp.camera

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.TotalCaptureResult
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.util.Size
import android.view.Surface
import dev.edgeisp.core.Capture
import dev.edgeisp.core.Failure
import dev.edgeisp.core.SensorMemory
import dev.edgeisp.core.Shot
import java.nio.ByteBuffer

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

        /** The camera at the back if that one gives RAW, else any other. Throws [Failure.NoRaw]. */
        fun find(manager: CameraManager): RawCamera {
            val found = manager.cameraIdList.map { it to manager.getCameraCharacteristics(it) }.filter { (_, told) ->
                told.get(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES).orEmpty()
                    .contains(CameraCharacteristics.REQUEST_AVAILABLE_CAPABILITIES_RAW)
            }
            val (id, told) = found.minByOrNull { (_, told) ->
                if (told.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_BACK) 0 else 1
            } ?: throw Failure.NoRaw()
            return RawCamera(id, told)
        }

        private fun IntArray?.orEmpty() = this ?: IntArray(0)

        private fun largest(sizes: Array<Size>?): Size =
            sizes.orEmpty().maxByOrNull { it.width.toLong() * it.height } ?: throw Failure.NoRaw()
    }
}

/** Viewfinder, shots and a stream of RAW frames of one camera. Everything happens on [handler]'s thread. */
class Camera(private val context: Context, private val handler: Handler, private val failed: (Failure) -> Unit) {
    private val manager = context.getSystemService(Context.CAMERA_SERVICE) as CameraManager
    private var camera: RawCamera? = null
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var viewfinder: Surface? = null
    private var shown: SurfaceTexture? = null
    private var abandoned: SurfaceTexture? = null
    private var raws: ImageReader? = null
    private var jpegs: ImageReader? = null
    private var frames: ((SensorMemory, Shot) -> Unit)? = null
    private var latest: CaptureResult? = null
    private var pending: Pending? = null
    private var wanted = false
    private var isLeft = false

    /** Opening that waits for a shot that is being taken. */
    private var next: (() -> Unit)? = null

    /** Opens [found] with its viewfinder on [texture]; a shot that is being taken comes first. The permission must have been given. */
    @SuppressLint("MissingPermission") // the screen asks first; a refusal is an answer
    fun open(found: RawCamera, texture: SurfaceTexture): Unit = guarded {
        if (pending != null) {
            next = { open(found, texture) }
            return
        }
        close()
        wanted = true
        camera = found
        texture.setDefaultBufferSize(found.preview.width, found.preview.height)
        val surface = Surface(texture)
        viewfinder = surface
        shown = texture
        val raw = ImageReader.newInstance(found.raw.width, found.raw.height, ImageFormat.RAW_SENSOR, 3)
        val jpeg = ImageReader.newInstance(found.jpeg.width, found.jpeg.height, ImageFormat.JPEG, 2)
        raw.setOnImageAvailableListener({ reader -> guarded { reader.acquireNextImage()?.let(::onRaw) } }, handler)
        jpeg.setOnImageAvailableListener({ reader -> guarded { reader.acquireNextImage()?.let(::onJpeg) } }, handler)
        raws = raw
        jpegs = jpeg
        manager.openCamera(found.id, opened(listOf(surface, raw.surface, jpeg.surface)), handler)
    }

    /** A shot in [held]'s orientation goes to [done]; it always gets an answer. */
    fun capture(held: Int, done: (Result<Capture>) -> Unit) {
        val (camera, device, session) = Triple(camera, device, session)
        if (camera == null || device == null || session == null) return done(Result.failure(Failure.NoCamera("it is not open")))
        val shot = Pending(camera.characteristics, held) { result ->
            pending = null
            done(result)
            val opening = next
            next = null
            if (opening != null) opening() else if (isLeft) close()
        }
        pending = shot
        try {
            val request = device.createCaptureRequest(CameraDevice.TEMPLATE_STILL_CAPTURE)
            for (target in listOf(raws, jpegs)) target?.let { request.addTarget(it.surface) }
            settle(request)
            request.set(CaptureRequest.JPEG_ORIENTATION, shot.degrees)
            request.set(CaptureRequest.JPEG_QUALITY, 95.toByte())
            session.capture(request.build(), shot, handler)
            handler.postDelayed({ if (pending === shot) shot.giveUp() }, PATIENCE_MS)
        } catch (error: CameraAccessException) {
            shot.fail(error.message)
        } catch (error: IllegalStateException) {
            shot.fail(error.message)
        }
    }

    /** Sends RAW frames to [taken], on this thread, until that is null. Their memory is only valid during the call. */
    fun stream(taken: ((SensorMemory, Shot) -> Unit)?) = guarded {
        frames = taken
        if (session != null) repeat()
    }

    /** Nobody shows [texture] any more; it goes when the camera does. */
    fun letGo(texture: SurfaceTexture) {
        if (shown === texture) abandoned = texture else texture.release()
    }

    /** Closes it, but not before a shot that is being taken has come. */
    fun closeWhenIdle() {
        isLeft = true
        if (pending == null) close()
    }

    fun close() {
        wanted = false
        isLeft = false
        pending?.giveUp()
        frames = null
        latest = null
        for (part in listOf<AutoCloseable?>(session, device, raws, jpegs)) try {
            part?.close()
        } catch (_: IllegalStateException) {
            // It went away by itself.
        }
        viewfinder?.release()
        abandoned?.release()
        abandoned = null
        shown = null
        session = null
        device = null
        raws = null
        jpegs = null
        viewfinder = null
    }

    private fun opened(surfaces: List<Surface>) = object : CameraDevice.StateCallback() {
        override fun onOpened(opened: CameraDevice) {
            if (!wanted) return opened.close()
            device = opened
            guarded { opened.createCaptureSession(surfaces, configured, handler) }
        }

        override fun onDisconnected(lost: CameraDevice) {
            lost.close()
            gone("another app took it")
        }

        override fun onError(lost: CameraDevice, error: Int) {
            lost.close()
            gone("error $error")
        }
    }

    private val configured = object : CameraCaptureSession.StateCallback() {
        override fun onConfigured(made: CameraCaptureSession) {
            session = made
            guarded { repeat() }
        }

        override fun onConfigureFailed(made: CameraCaptureSession) = gone("it does not give a preview, RAW and JPEG at once")
    }

    private val watching = object : CameraCaptureSession.CaptureCallback() {
        override fun onCaptureCompleted(own: CameraCaptureSession, request: CaptureRequest, result: TotalCaptureResult) {
            latest = result
        }
    }

    private fun repeat() {
        val (device, session) = (device ?: return) to (session ?: return)
        val request = device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
        viewfinder?.let(request::addTarget)
        if (frames != null) raws?.let { request.addTarget(it.surface) }
        settle(request)
        session.setRepeatingRequest(request.build(), watching, handler)
    }

    private fun settle(request: CaptureRequest.Builder) {
        request.set(CaptureRequest.CONTROL_MODE, CaptureRequest.CONTROL_MODE_AUTO)
        val modes = camera?.characteristics?.get(CameraCharacteristics.CONTROL_AF_AVAILABLE_MODES) ?: IntArray(0)
        if (CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE in modes) {
            request.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
        }
        // DNGs hold it; networks do not use it.
        request.set(CaptureRequest.STATISTICS_LENS_SHADING_MAP_MODE, CaptureRequest.STATISTICS_LENS_SHADING_MAP_MODE_ON)
    }

    private fun onRaw(image: Image) {
        val shot = pending
        if (shot != null) {
            if (shot.isOf(image)) image.use { shot.onRaw(sensorMemory(it, copied(it.planes[0].buffer))) } else image.close()
            return
        }
        image.use {
            val (taken, camera, result) = Triple(frames ?: return, camera ?: return, latest ?: return)
            taken(sensorMemory(it, it.planes[0].buffer), shot(camera.characteristics, result, held = 0))
        }
    }

    private fun onJpeg(image: Image) = image.use { pending?.onJpeg(copied(it.planes[0].buffer).array()) }

    private fun gone(why: String) {
        pending?.fail(why)
        close()
        failed(Failure.NoCamera(why))
    }

    /** Camera2 throws when a camera goes away between two calls. */
    private inline fun guarded(work: () -> Unit) = try {
        work()
    } catch (failure: Failure) {
        failed(failure)
    } catch (error: CameraAccessException) {
        gone(error.message ?: "no access")
    } catch (error: IllegalStateException) {
        gone(error.message ?: "it was closed")
    } catch (error: IllegalArgumentException) {
        gone(error.message ?: "it refuses the request")
    } catch (error: SecurityException) {
        failed(Failure.Denied("The camera"))
    }

    private companion object {
        const val PATIENCE_MS = 10_000L

        fun copied(buffer: ByteBuffer): ByteBuffer {
            val copy = ByteBuffer.allocate(buffer.remaining())
            copy.put(buffer.duplicate())
            copy.rewind()
            return copy
        }

        fun sensorMemory(image: Image, bytes: ByteBuffer): SensorMemory {
            val plane = image.planes[0]
            return SensorMemory(bytes, image.width, image.height, plane.rowStride, plane.pixelStride)
        }
    }
}
