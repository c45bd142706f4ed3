package dev.edgeisp.camera

import android.graphics.Bitmap
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Frame
import dev.edgeisp.core.FrameMeter
import dev.edgeisp.core.Model
import dev.edgeisp.core.Renderer
import dev.edgeisp.core.SensorMemory
import dev.edgeisp.core.Shot
import dev.edgeisp.core.Smoothing
import java.util.concurrent.ExecutorService
import java.util.concurrent.atomic.AtomicBoolean

/**
 * Renders a stream of RAW frames at a reduced size on [worker], the thread of the model. Frames that come while one is being
 * made are let go and counted; contexts follow each other smoothly.
 */
class Live(
    model: Model,
    private val worker: ExecutorService,
    private val orientation: () -> Int,
    private val made: (Bitmap, FrameMeter) -> Unit,
    private val failed: (Failure) -> Unit,
) {
    private val renderer = Renderer(model)
    private val smoothing = Smoothing()
    private val isBusy = AtomicBoolean()
    private val skipped = java.util.concurrent.atomic.AtomicInteger()
    private val meter = FrameMeter(BUDGET_MS)
    @Volatile private var isOver = false

    /** Takes one frame; called on the camera's thread, whose memory it does not keep. */
    fun take(memory: SensorMemory, shot: Shot) {
        if (isOver) return
        if (!isBusy.compareAndSet(false, true)) {
            skipped.incrementAndGet()
            return
        }
        val began = System.nanoTime()
        try {
            val mosaic = memory.binned(memory.factor(SIDE))
            val sensor = shot.copy(held = orientation()).sensor
            worker.execute { attempt { render(Frame(mosaic, sensor), began) } }
        } catch (failure: Failure) {
            stop(failure)
        }
    }

    fun stop() {
        isOver = true
    }

    private fun render(frame: Frame, began: Long) {
        if (isOver) return
        val picture = render(renderer, frame, smoothing.next(renderer.context(frame))) { _, _ -> !isOver }
        repeat(skipped.getAndSet(0)) { meter.skipped() }
        meter.made((System.nanoTime() - began) / 1e6)
        if (!isOver) made(picture, meter)
    }

    private fun attempt(work: () -> Unit) = try {
        work()
    } catch (_: Failure.Cancelled) {
        // It was stopped between two tiles.
    } catch (failure: Failure) {
        stop(failure)
    } finally {
        isBusy.set(false)
    }

    private fun stop(failure: Failure) {
        isOver = true
        failed(failure)
    }

    companion object {
        const val BUDGET_MS = 100.0
        private const val SIDE = 1024
    }
}
