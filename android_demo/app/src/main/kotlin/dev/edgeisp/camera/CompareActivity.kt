package dev.edgeisp.camera

import android.Manifest.permission
import android.app.Activity
import android.content.pm.PackageManager
import android.graphics.BitmapFactory
import android.os.Bundle
import android.text.method.ScrollingMovementMethod
import android.view.View
import android.widget.SeekBar
import android.widget.TextView
import android.widget.Toast
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Kept
import dev.edgeisp.core.Session
import java.io.IOException

/** Our picture beside the phone's, and the way to the user's pictures. */
class CompareActivity : Activity(), Desk.Screen {
    private val pictures by lazy { findViewById(R.id.pictures) as CompareView }
    private val kept: Kept? by lazy { desk.store.find(intent.getStringExtra(SHOT).orEmpty()) }

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.compare)
        val divider = findViewById(R.id.divider) as SeekBar
        divider.setOnSeekBarChangeListener(object : SeekBar.OnSeekBarChangeListener {
            override fun onProgressChanged(bar: SeekBar?, progress: Int, fromUser: Boolean) {
                pictures.share = progress / divider.max.toFloat()
            }

            override fun onStartTrackingTouch(bar: SeekBar?) = Unit
            override fun onStopTrackingTouch(bar: SeekBar?) = Unit
        })
        pictures.dragged = { divider.progress = (it * divider.max).toInt() }
        (findViewById(R.id.steps) as TextView).movementMethod = ScrollingMovementMethod()
        button(R.id.close) { finish() }
        button(R.id.save) { save() }
        val kept = kept ?: return finish()
        desk.onDisk({
            val side = maxOf(resources.displayMetrics.widthPixels, resources.displayMetrics.heightPixels)
            val ours = read(kept.picture, 2 * side) ?: throw Failure.Storage("${kept.name} was not rendered")
            val phones = kept.phones?.let { read(it, 2 * side, exifDegrees(it)) }
            runOnUiThread {
                pictures.ours = ours
                pictures.phones = phones
                divider.isEnabled = phones != null
            }
        }) { facts(kept) }
    }

    override fun onStart() {
        super.onStart()
        desk.add(this)
    }

    override fun onStop() {
        super.onStop()
        desk.remove(this)
    }

    override fun show(session: Session) {
        val failure = session.failure ?: return
        label(R.id.facts, "${failure.what}. ${failure.cure}")
        view(R.id.save).isEnabled = true
    }

    private fun facts(kept: Kept) {
        val size = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        BitmapFactory.decodeFile(kept.picture.path, size)
        val latest = desk.latest
        val text = if (latest?.first == kept.name) {
            getString(R.string.facts, size.outWidth, size.outHeight, latest.second, latest.third)
        } else {
            getString(R.string.facts_kept, size.outWidth, size.outHeight)
        }
        val steps = kept.steps.mapIndexed { index, step ->
            if (step.settings.isEmpty()) getString(R.string.step_inside, index + 1, step.module)
            else getString(R.string.step, index + 1, step.module, step.text)
        }
        label(R.id.steps, (listOf(getString(R.string.steps)) + steps).joinToString("\n"))
        view(R.id.steps).visibility = if (steps.isEmpty()) View.GONE else View.VISIBLE
        val lacks = if (kept.phones == null) "\n" + getString(R.string.no_phones) else ""
        label(R.id.facts, text + lacks)
    }

    /** Once picture and DNG are among the user's pictures, the shot need not be kept here. */
    private fun save() {
        val isAllowed = Newer.hasScopedStorage ||
            checkSelfPermission(permission.WRITE_EXTERNAL_STORAGE) == PackageManager.PERMISSION_GRANTED
        if (!isAllowed) return requestPermissions(arrayOf(permission.WRITE_EXTERNAL_STORAGE), 0)
        val kept = kept ?: return
        view(R.id.save).isEnabled = false
        desk.onDisk({
            Album(applicationContext).add(kept, withPicture = true)
            if (kept.dng != null) kept.folder.deleteRecursively()
        }) {
            Toast.makeText(applicationContext, R.string.saved, Toast.LENGTH_LONG).show()
            finish()
        }
    }

    override fun onRequestPermissionsResult(request: Int, names: Array<out String>, answers: IntArray) {
        if (answers.firstOrNull() == PackageManager.PERMISSION_GRANTED) save() else desk.tell(Failure.Denied("Writing to Pictures"))
    }

    private fun exifDegrees(file: java.io.File): Int = try {
        @Suppress("DEPRECATION")
        when (android.media.ExifInterface(file.path).getAttributeInt(android.media.ExifInterface.TAG_ORIENTATION, 1)) {
            6 -> 90
            3 -> 180
            8 -> 270
            else -> 0
        }
    } catch (_: IOException) {
        0
    }

    companion object {
        const val SHOT = "shot"
    }
}
