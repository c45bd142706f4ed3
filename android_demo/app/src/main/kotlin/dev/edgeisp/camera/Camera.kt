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
import android.view.Surface
import dev.edgeisp.core.Capture
import dev.edgeisp.core.Failure
import dev.edgeisp.core.SensorMemory
import dev.edgeisp.core.Shot
import java.nio.ByteBuffer

/**
 * Viewfinder, shots and a stream of RAW frames of one camera. Everything happens on [handler]'s thread; [changed] is told whether
 * it is open, each time it opens or closes.
 */
class Camera(
    context: Context,
    private val handler: Handler,
    private val changed: (Boolean) -> Unit,
    private val failed: (Failure) -> Unit,
) {
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
    private var opening: Opening? = null
    private var isLeft = false

    /** Opening that waits for a shot that is being taken. */
    private var next: (() -> Unit)? = null
    private val patience = Runnable { pending?.giveUp() }

    /** Opens [found] with its viewfinder on [texture]; a shot that is being taken comes first. The permission must have been given. */
    @SuppressLint("MissingPermission") // the screen asks first; a refusal is an answer
    fun open(found: RawCamera, texture: SurfaceTexture): Unit = guarded {
        if (pending != null) {
            next = { open(found, texture) }
            return
        }
        close()
        camera = found
        texture.setDefaultBufferSize(found.preview.width, found.preview.height)
        val surface = Surface(texture)
        viewfinder = surface
        shown = texture
        val raw = ImageReader.newInstance(found.raw.width, found.raw.height, ImageFormat.RAW_SENSOR, 3)
        val jpeg = ImageReader.newInstance(found.jpeg.width, found.jpeg.height, ImageFormat.JPEG, 2)
        raws = raw
        jpegs = jpeg
        val own = Opening(listOf(surface, raw.surface, jpeg.surface))
        opening = own
        own.listen(raw, ::onRaw)
        own.listen(jpeg, ::onJpeg)
        manager.openCamera(found.id, own, handler)
    }

    /** A shot in [held]'s orientation goes to [done]; it always gets an answer. */
    fun capture(held: Int, done: (Result<Capture>) -> Unit) {
        val (camera, device, session) = Triple(camera, device, session)
        if (camera == null || device == null || session == null) return done(Result.failure(Failure.NoCamera("it is not open")))
        val shot = Pending(camera.characteristics, held) { result ->
            pending = null
            handler.removeCallbacks(patience)
            done(result)
            val waiting = next
            next = null
            if (waiting != null) waiting() else if (isLeft) close()
        }
        pending = shot
        try {
            val request = device.createCaptureRequest(CameraDevice.TEMPLATE_STILL_CAPTURE)
            for (target in listOf(raws, jpegs)) target?.let { request.addTarget(it.surface) }
            settle(request)
            request.set(CaptureRequest.JPEG_ORIENTATION, shot.degrees)
            request.set(CaptureRequest.JPEG_QUALITY, 95.toByte())
            session.capture(request.build(), shot, handler)
            handler.postDelayed(patience, PATIENCE_MS)
        } catch (error: CameraAccessException) {
            shot.fail(noCamera(error))
        } catch (error: IllegalStateException) {
            shot.fail(noCamera(error))
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
        next = null
        if (pending == null) close()
    }

    private fun close() {
        opening = null
        isLeft = false
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
        changed(false)
    }

    /** One opening of a camera. What is heard of an earlier one changes nothing. */
    private inner class Opening(private val surfaces: List<Surface>) : CameraDevice.StateCallback() {
        private val isCurrent: Boolean get() = opening === this

        private val configured = object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(made: CameraCaptureSession) {
                if (!isCurrent) return
                session = made
                guarded {
                    repeat()
                    changed(true)
                }
            }

            override fun onConfigureFailed(made: CameraCaptureSession) = ended("it does not give a preview, RAW and JPEG at once")
        }

        fun listen(reader: ImageReader, taken: (Image) -> Unit) = reader.setOnImageAvailableListener(
            { if (isCurrent) guarded { it.acquireNextImage()?.let(taken) } }, handler,
        )

        override fun onOpened(opened: CameraDevice) {
            if (!isCurrent) return opened.close()
            device = opened
            guarded { opened.createCaptureSession(surfaces, configured, handler) }
        }

        override fun onDisconnected(lost: CameraDevice) {
            lost.close()
            ended("another app took it")
        }

        override fun onError(lost: CameraDevice, error: Int) {
            lost.close()
            ended("error $error")
        }

        private fun ended(why: String) {
            if (isCurrent) gone(Failure.NoCamera(why))
        }
    }

    private val watching = object : CameraCaptureSession.CaptureCallback() {
        override fun onCaptureCompleted(own: CameraCaptureSession, request: CaptureRequest, result: TotalCaptureResult) {
            if (own === session) latest = result
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
            image.use { if (shot.isOf(it)) keep(it, shot) }
            return
        }
        image.use {
            val (taken, camera, result) = Triple(frames ?: return, camera ?: return, latest ?: return)
            taken(sensorMemory(it, it.planes[0].buffer), shot(camera.characteristics, result, held = 0))
        }
    }

    private fun keep(image: Image, shot: Pending) = try {
        shot.onRaw(sensorMemory(image, copied(image.planes[0].buffer)))
    } catch (full: Failure.NoMemory) {
        shot.fail(full)
    }

    private fun onJpeg(image: Image) = image.use {
        val shot = pending
        if (shot != null && shot.isOf(it)) shot.onJpeg(bytes(it))
    }

    private fun bytes(jpeg: Image): ByteArray? = try {
        copied(jpeg.planes[0].buffer).array()
    } catch (_: Failure.NoMemory) {
        null
    }

    /** An opening that waits is none the worse for it. */
    private fun gone(failure: Failure) {
        val waiting = next
        next = null
        pending?.giveUp(failure)
        close()
        failed(failure)
        waiting?.invoke()
    }

    /** Camera2 throws when a camera goes away between two calls. */
    private inline fun guarded(work: () -> Unit) = try {
        work()
    } catch (failure: Failure) {
        failed(failure)
    } catch (error: CameraAccessException) {
        gone(noCamera(error))
    } catch (error: IllegalStateException) {
        gone(noCamera(error))
    } catch (error: IllegalArgumentException) {
        gone(noCamera(error))
    } catch (error: SecurityException) {
        gone(Failure.Denied("The camera"))
    }

    private companion object {
        const val PATIENCE_MS = 10_000L

        /** Throws [Failure.NoMemory]. */
        fun copied(buffer: ByteBuffer): ByteBuffer {
            val copy = try {
                ByteBuffer.allocate(buffer.remaining())
            } catch (full: OutOfMemoryError) {
                throw Failure.NoMemory(full, "Close other apps and take it again.")
            }
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
