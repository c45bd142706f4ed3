package dev.edgeisp.camera

import android.Manifest.permission
import android.app.Activity
import android.app.AlertDialog
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.hardware.display.DisplayManager
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.view.OrientationEventListener
import android.view.TextureView
import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ImageView
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import dev.edgeisp.core.Checked
import dev.edgeisp.core.Event
import dev.edgeisp.core.Failure
import dev.edgeisp.core.FrameMeter
import dev.edgeisp.core.Phase
import dev.edgeisp.core.Session
import dev.edgeisp.core.previewFit

/** Viewfinder, the self-test's banner, the runtime, and the shutter. */
class CameraActivity : Activity(), Desk.Screen, TextureView.SurfaceTextureListener {
    private val viewfinder by lazy { findViewById(R.id.viewfinder) as TextureView }
    private val turning by lazy {
        object : OrientationEventListener(this) {
            override fun onOrientationChanged(degrees: Int) {
                if (degrees != ORIENTATION_UNKNOWN) desk.held = (degrees + 45) / 90 % 4 * 90
            }
        }
    }
    private val displays by lazy { getSystemService(DISPLAY_SERVICE) as DisplayManager }

    /** Half a turn of the screen changes no size, and no configuration. */
    private val halfTurns = object : DisplayManager.DisplayListener {
        override fun onDisplayChanged(display: Int) = fit()
        override fun onDisplayAdded(display: Int) = Unit
        override fun onDisplayRemoved(display: Int) = Unit
    }
    private var told: AlertDialog? = null
    private var toldOf: Failure? = null
    private var camera: RawCamera? = null
    private var isShown = false

    /** The row of the runtime that is shown. */
    private var engine = -1

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.camera)
        viewfinder.surfaceTextureListener = this
        button(R.id.shutter) { desk.send(Event.Shutter) }
        button(R.id.live) { desk.send(Event.Live) }
        button(R.id.cancel) { desk.send(Event.Cancel) }
        button(R.id.shots) { startActivity(Intent(this, ShotsActivity::class.java)) }
        button(R.id.benchmark) { startActivity(Intent(this, BenchmarkActivity::class.java)) }
        val wanted = listOfNotNull(permission.CAMERA, "android.permission.POST_NOTIFICATIONS".takeIf { Newer.asksForNotifications })
        if (!isAllowed() && state == null) requestPermissions(wanted.toTypedArray(), 0)
    }

    override fun onStart() {
        super.onStart()
        isShown = true
        desk.add(this)
        turning.enable()
        displays.registerDisplayListener(halfTurns, null)
        openCamera()
    }

    override fun onStop() {
        super.onStop()
        isShown = false
        turning.disable()
        displays.unregisterDisplayListener(halfTurns)
        desk.send(Event.Away)
        desk.remove(this)
        told?.dismiss()
        told = null
        toldOf = null
        // A shot that is being taken is waited for: the camera closes behind it.
        desk.onCamera { it.closeWhenIdle() }
    }

    override fun onRequestPermissionsResult(request: Int, names: Array<out String>, answers: IntArray) = openCamera()

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) = openCamera()
    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) = fit()
    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    /** The camera may still be at work with it, for a shot that is being taken. */
    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        desk.onCamera { it.letGo(texture) }
        return false
    }

    private fun isAllowed() = checkSelfPermission(permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    private fun openCamera() {
        if (!isShown) return
        if (!isAllowed()) {
            return problem(getString(R.string.denied_title), getString(R.string.denied_text), getString(R.string.denied_button)) {
                startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", packageName, null)))
            }
        }
        val texture = viewfinder.surfaceTexture ?: return
        try {
            val found = camera ?: desk.rawCamera().also { camera = it }
            view(R.id.problem).visibility = View.GONE
            fit()
            desk.onCamera { it.open(found, texture) }
            show(desk.session)
        } catch (failure: Failure.NoCamera) {
            problem(getString(R.string.failure_title), "${failure.what}. ${failure.cure}", getString(R.string.retry), ::openCamera)
        } catch (failure: Failure) {
            problem(getString(R.string.no_camera_title), "${failure.what}. ${failure.cure}", getString(R.string.shots)) {
                startActivity(Intent(this, ShotsActivity::class.java))
            }
        }
    }

    /** The viewfinder upright and undistorted, however the screen is turned. */
    private fun fit() {
        val found = camera ?: return
        val rotation = windowManager.defaultDisplay.rotation
        desk.screenHeld = (4 - rotation) % 4 * 90
        val (width, height) = viewfinder.width.toFloat() to viewfinder.height.toFloat()
        val isTurned = found.mounted % 180 != 0
        val (across, down) = if (isTurned) found.preview.height to found.preview.width else found.preview.width to found.preview.height
        val fit = previewFit(across, down, width, height, rotation)
        val matrix = Matrix()
        matrix.postScale(fit.scaleX, fit.scaleY, width / 2, height / 2)
        matrix.postRotate(fit.degrees, width / 2, height / 2)
        viewfinder.setTransform(matrix)
    }

    private fun problem(title: String, text: String, action: String, then: () -> Unit) {
        view(R.id.problem).visibility = View.VISIBLE
        label(R.id.problem_title, title)
        label(R.id.problem_text, text)
        label(R.id.problem_button, action)
        button(R.id.problem_button, then)
    }

    override fun show(session: Session) {
        banner(session)
        engines(session)
        val isBusy = session.phase in setOf(Phase.CAPTURING, Phase.KEEPING, Phase.RENDERING)
        view(R.id.work).visibility = if (isBusy) View.VISIBLE else View.GONE
        view(R.id.cancel).visibility = if (session.phase == Phase.RENDERING) View.VISIBLE else View.GONE
        label(
            R.id.work_text,
            when (session.phase) {
                Phase.CAPTURING -> getString(R.string.capturing)
                Phase.KEEPING -> getString(R.string.keeping)
                else -> getString(R.string.tile, session.done, session.of)
            },
        )
        val bar = findViewById(R.id.work_bar) as ProgressBar
        bar.isIndeterminate = session.of == 0 || session.phase != Phase.RENDERING
        bar.max = session.of
        bar.progress = session.done
        val canShoot = session.canShoot && desk.isCameraOpen
        view(R.id.shutter).isEnabled = canShoot
        view(R.id.shutter).alpha = if (canShoot) 1f else 0.4f
        val live = findViewById(R.id.live) as Button
        live.isEnabled = session.canPreview && desk.isCameraOpen
        live.text = getString(if (session.phase == Phase.LIVE) R.string.live_stop else R.string.live)
        if (session.phase != Phase.LIVE) {
            view(R.id.live_picture).visibility = View.GONE
            view(R.id.overlay).visibility = View.GONE
        }
        tell(session)
    }

    private fun banner(session: Session) {
        val banner = findViewById(R.id.banner) as TextView
        val checked = desk.checked
        val color = when {
            checked == null && session.phase == Phase.OPENING -> R.color.idle
            checked == null -> R.color.bad
            checked.passedOver.isEmpty() -> R.color.good
            else -> R.color.warning
        }
        banner.setBackgroundColor(getColor(color))
        banner.text = when {
            checked == null && session.phase == Phase.OPENING -> getString(R.string.self_test_running)
            checked == null -> getString(R.string.self_test_failed)
            checked.passedOver.isEmpty() -> getString(R.string.self_test_passed, checked.model.ranOn, checked.psnrDb.values.min())
            else -> getString(
                R.string.self_test_passed_over, checked.model.ranOn, checked.psnrDb.values.min(),
                checked.passedOver.joinToString { it.what },
            )
        }
    }

    /** The runtime that is used, or the one that is tried first. */
    private fun engines(session: Session) {
        val spinner = findViewById(R.id.engine) as Spinner
        spinner.isEnabled = session.phase == Phase.READY || session.phase == Phase.LIVE
        val engines = desk.bundled?.engines ?: return
        if (spinner.adapter == null) fill(spinner, engines.map { it.name })
        val used = engines.indexOf(desk.checked?.engine ?: Checked.order(engines, desk.chosen).first())
        if (used == engine) return
        engine = used
        spinner.setSelection(used)
    }

    private fun fill(spinner: Spinner, names: List<String>) {
        spinner.adapter = ArrayAdapter(this, android.R.layout.simple_spinner_dropdown_item, names)
        spinner.onItemSelectedListener = object : AdapterView.OnItemSelectedListener {
            override fun onItemSelected(list: AdapterView<*>?, row: View?, index: Int, id: Long) {
                if (index == engine) return // Android tells of our selection too.
                engine = index
                desk.chosen = names[index]
            }

            override fun onNothingSelected(list: AdapterView<*>?) = Unit
        }
    }

    /** One message at a time; that a RAW is in memory alone is not to be dismissed. */
    private fun tell(session: Session) {
        val failure = session.failure
        if (failure === toldOf) return
        told?.dismiss()
        told = null
        toldOf = failure
        if (failure == null) return
        val dialog = AlertDialog.Builder(this).setMessage("${failure.what}. ${failure.cure}").setCancelable(false)
        if (session.phase == Phase.UNKEPT) {
            dialog.setTitle(R.string.unkept_title)
                .setPositiveButton(R.string.retry) { _, _ -> desk.send(Event.Retry) }
                .setNegativeButton(R.string.discard) { _, _ -> desk.send(Event.Discard) }
                .setNeutralButton(R.string.shots) { _, _ -> startActivity(Intent(this, ShotsActivity::class.java)) }
        } else {
            dialog.setTitle(R.string.failure_title).setPositiveButton(R.string.understood) { _, _ ->
                desk.send(Event.Understood)
                if (!desk.isCameraOpen) openCamera()
            }
        }
        told = dialog.show()
    }

    override fun live(picture: Bitmap, meter: FrameMeter) {
        if (desk.session.phase != Phase.LIVE) return
        val image = findViewById(R.id.live_picture) as ImageView
        image.setImageBitmap(picture)
        image.visibility = View.VISIBLE
        fun ms(value: Double?) = value?.toInt()?.toString() ?: "-"
        label(
            R.id.overlay,
            getString(
                R.string.overlay, ms(meter.medianMs), ms(meter.p90Ms), meter.frames, meter.dropped, Live.BUDGET_MS.toInt(),
                desk.session.thermal.name.lowercase(),
            ),
        )
        view(R.id.overlay).visibility = View.VISIBLE
    }

    override fun compare(name: String) {
        startActivity(Intent(this, CompareActivity::class.java).putExtra(CompareActivity.SHOT, name))
    }
}

internal fun Activity.view(id: Int): View = findViewById(id)

internal fun View.part(id: Int): View = findViewById(id)

internal fun Activity.button(id: Int, then: () -> Unit) = view(id).setOnClickListener { then() }

internal fun Activity.label(id: Int, text: CharSequence) {
    (findViewById(id) as TextView).text = text
}
