package dev.edgeisp.camera

import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.hardware.camera2.CameraManager
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.os.PowerManager
import dev.edgeisp.core.Capture
import dev.edgeisp.core.Checked
import dev.edgeisp.core.Effect
import dev.edgeisp.core.Event
import dev.edgeisp.core.Failure
import dev.edgeisp.core.FrameMeter
import dev.edgeisp.core.Phase
import dev.edgeisp.core.Place
import dev.edgeisp.core.Renderer
import dev.edgeisp.core.Session
import dev.edgeisp.core.ShotStore
import dev.edgeisp.core.Thermal
import dev.edgeisp.core.watched
import java.io.File
import java.util.concurrent.Executor
import java.util.concurrent.Executors

/**
 * Does what the [Session] says, for as long as the process lives: screens come and go (rotation), a shot in memory and a picture
 * that is being rendered stay. Everything is called on the main thread unless it says otherwise.
 */
class Desk(private val context: Context) {
    /** What shows the session. */
    interface Screen {
        fun show(session: Session)
        fun live(picture: Bitmap, meter: FrameMeter) = Unit
        fun compare(name: String) = Unit
    }

    private val main = Handler(Looper.getMainLooper())
    private val cameraThread = Handler(HandlerThread("camera").apply { start() }.looper)
    private val modelThread = Executors.newSingleThreadExecutor()
    private val diskThread = Executors.newSingleThreadExecutor()
    private val power = context.getSystemService(Context.POWER_SERVICE) as PowerManager
    private val settings = context.getSharedPreferences("settings", Context.MODE_PRIVATE)
    private val screens = mutableListOf<Screen>()

    val store = ShotStore(places())
    val camera = Camera(context, cameraThread, { isOpen -> main.post { isCameraOpen = isOpen; show() } }) { failure ->
        post(Event.Missed(failure))
        post(Event.Away)
        main.post { tell(failure) }
    }

    var session = Session()
        private set
    @Volatile var bundled: Bundled? = null
        private set
    var checked: Checked? = null
        private set

    /** Whether the camera gives pictures. */
    var isCameraOpen = false
        private set

    /** By how many degrees the phone is turned clockwise; a multiple of 90. */
    @Volatile var held = 0

    /** The same of the screen, which does not follow where turning is locked. */
    @Volatile var screenHeld = 0

    /** How long rendering of the latest picture took, in seconds, and where. */
    var latest: Triple<String, Double, String>? = null
        private set
    private var capture: Capture? = null
    private var live: Live? = null
    @Volatile private var isCancelled = false

    /** The name of the chosen runtime. Choosing one again tries it again, even if it took the process down. */
    var chosen: String?
        get() = settings.getString("engine", null)
        set(name) {
            settings.edit().putString("engine", name).apply()
            bundled?.trial?.forget()
            send(Event.Opening)
        }

    init {
        Newer.onThermal(power, Executor { main.post(it) }) { send(Event.Heat(it)) }
        send(Event.Heat(Newer.thermal(power)))
        send(Event.Opening)
    }

    fun add(screen: Screen) {
        screens.add(screen)
        screen.show(session)
    }

    fun remove(screen: Screen) {
        screens.remove(screen)
    }

    fun send(event: Event) {
        val (next, effects) = session.after(event)
        session = next
        effects.forEach(::perform)
        show()
    }

    /** From any thread. */
    fun post(event: Event) {
        main.post { send(event) }
    }

    /** Work on disk, off the main thread; its failure is told. */
    fun onDisk(work: () -> Unit, then: () -> Unit) = diskThread.execute {
        try {
            work()
            main.post(then)
        } catch (failure: Failure) {
            main.post { tell(failure) }
        }
    }

    /** Work with runtimes, one after the other, off the main thread. */
    fun onModelThread(work: () -> Unit) = modelThread.execute(work)

    fun thermal(): Thermal = Newer.thermal(power)

    /** Says a failure that changes nothing. */
    fun tell(failure: Failure) {
        if (session.failure == null) session = session.copy(failure = failure)
        show()
    }

    /** The camera to be used, on the camera's thread to [found]. */
    fun onCamera(work: (Camera) -> Unit) {
        cameraThread.post { work(camera) }
    }

    /** Throws [Failure.NoRaw] or [Failure.NoCamera]. */
    fun rawCamera(): RawCamera = RawCamera.find(context.getSystemService(Context.CAMERA_SERVICE) as CameraManager)

    private fun show() = screens.toList().forEach { it.show(session) }

    private fun perform(effect: Effect) {
        when (effect) {
            Effect.OPEN -> open()
            Effect.CAPTURE -> {
                val turned = held
                onCamera { camera -> camera.capture(turned) { made -> main.post { captured(made) } } }
            }
            Effect.KEEP -> keep()
            Effect.RELEASE -> capture = null
            Effect.START_LIVE -> startLive()
            Effect.STOP_LIVE -> stopLive()
            Effect.RENDER -> startRendering()
            Effect.STOP -> isCancelled = true
            Effect.COMPARE -> session.shot?.let { name -> screens.toList().forEach { it.compare(name) } }
        }
    }

    private fun open() {
        val old = checked
        checked = null
        val wanted = chosen
        modelThread.execute {
            old?.close()
            val answer = runCatching {
                val found = bundled ?: Bundled.open(context).also { main.post { bundled = it } }
                found.open(wanted)
            }
            main.post {
                checked = answer.getOrNull()
                val failure = answer.exceptionOrNull()
                if (failure != null && failure !is Failure) throw failure
                send(Event.Opened(checked != null, failure))
            }
        }
    }

    private fun captured(made: Result<Capture>) = made.fold(
        { capture = it; send(Event.Captured) },
        { send(Event.Missed(it as? Failure ?: Failure.NoCamera(it.message ?: "no reason given", it))) },
    )

    private fun keep() {
        val shot = capture ?: return
        diskThread.execute {
            val kept = runCatching { store.keep(shot, System.currentTimeMillis()) }
            kept.fold(
                { post(Event.Written(it.name)) },
                { post(Event.Unwritten(it as? Failure ?: Failure.Storage(it.message ?: it.toString(), it))) },
            )
        }
    }

    private fun startLive() {
        val model = checked?.model ?: return
        val made = runCatching {
            Live(
                model, modelThread, { screenHeld },
                { picture, meter -> main.post { screens.toList().forEach { it.live(picture, meter) } } },
                { failure -> main.post { send(Event.Away); tell(failure) } },
            )
        }
        val live = made.getOrElse { failure -> send(Event.Away); tell(failure as Failure); return }
        this.live = live
        onCamera { it.stream(live::take) }
    }

    private fun stopLive() {
        live?.stop()
        live = null
        onCamera { it.stream(null) }
    }

    private fun startRendering() {
        isCancelled = false
        try {
            Newer.startForegroundService(context, Intent(context, RenderService::class.java))
        } catch (refused: IllegalStateException) {
            // Android 12 and later: not while the app is out of sight.
            post(Event.Failed(Failure.Unusable("Rendering cannot start while the app is out of sight", "Start it from the RAW files.")))
        }
    }

    /** What [RenderService] is for. Tells [progress] on the main thread; ends with [over] there. */
    fun render(progress: (Int, Int) -> Unit, over: () -> Unit) {
        val name = session.shot
        val model = checked?.model
        if (session.phase != Phase.RENDERING || name == null || model == null) return over()
        modelThread.execute {
            val began = System.nanoTime()
            val made = runCatching {
                val kept = store.find(name) ?: throw Failure.Storage("$name is not there")
                val goOn = watched(::thermal, { isCancelled }) { done, of ->
                    main.post { send(Event.Tile(done, of)); progress(done, of) }
                }
                try {
                    val (renderer, frame) = Renderer(model) to kept.frame()
                    val context = renderer.context(frame)
                    val picture = render(renderer, frame, context, goOn)
                    kept.tell(model.manifest.steps(context))
                    write(picture, kept.picture)
                    picture.recycle()
                } catch (full: OutOfMemoryError) {
                    throw Failure.NoMemory(full)
                }
            }
            val seconds = (System.nanoTime() - began) / 1e9
            main.post {
                made.fold(
                    { latest = Triple(name, seconds, model.ranOn); send(Event.Rendered(name)) },
                    { send(Event.Failed(it as? Failure ?: Failure.Unusable("Rendering ended: $it", "The RAW is kept and can be rendered later."))) },
                )
                over()
            }
        }
    }

    /** Inside the app first; then wherever else Android lets it write without asking. */
    private fun places(): List<Place> =
        (listOf(context.filesDir) + context.getExternalFilesDirs(null).filterNotNull()).map { Place(File(it, "shots")) }
}
