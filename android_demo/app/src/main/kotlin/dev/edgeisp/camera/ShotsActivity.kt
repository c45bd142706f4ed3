package dev.edgeisp.camera

import android.Manifest.permission
import android.app.Activity
import android.app.AlertDialog
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Bundle
import android.text.format.DateUtils
import android.view.View
import android.view.ViewGroup
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ListView
import android.widget.TextView
import android.widget.Toast
import dev.edgeisp.core.Event
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Kept
import dev.edgeisp.core.Phase
import dev.edgeisp.core.Session

/** RAW files that are on this phone: to render again, to give away, to delete. */
class ShotsActivity : Activity(), Desk.Screen {
    private val list by lazy { findViewById(R.id.list) as ListView }
    private var asked: Kept? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.shots)
        list.emptyView = view(R.id.empty)
    }

    override fun onStart() {
        super.onStart()
        refresh()
        desk.add(this)
    }

    override fun onStop() {
        super.onStop()
        desk.remove(this)
    }

    /** Rendering is watched on the camera's screen, where its cancel button is. Room is made here. */
    override fun show(session: Session) {
        if (session.phase == Phase.RENDERING || (session.failure != null && session.phase != Phase.UNKEPT)) finish()
    }

    private fun refresh() {
        list.adapter = Rows(desk.store.all())
    }

    private inner class Rows(all: List<Kept>) : ArrayAdapter<Kept>(this, R.layout.shot, all) {
        override fun getView(index: Int, old: View?, parent: ViewGroup): View {
            val row = old ?: layoutInflater.inflate(R.layout.shot, parent, false)
            val kept = getItem(index) ?: return row
            val flags = DateUtils.FORMAT_SHOW_DATE or DateUtils.FORMAT_SHOW_TIME
            (row.findViewById(R.id.taken) as TextView).text =
                kept.takenMs?.let { DateUtils.formatDateTime(context, it, flags) } ?: kept.name
            val isRendered = kept.picture.isFile
            (row.findViewById(R.id.state) as TextView).text = getString(
                when {
                    kept.dng == null -> R.string.shot_without_dng
                    isRendered -> R.string.shot_rendered
                    else -> R.string.shot_with_dng
                },
            )
            (row.findViewById(R.id.render) as Button).text = getString(if (isRendered) R.string.look else R.string.render)
            row.part(R.id.render).setOnClickListener { if (isRendered) look(kept) else desk.send(Event.Render(kept.name)) }
            row.part(R.id.export).isEnabled = kept.dng != null
            row.part(R.id.export).setOnClickListener { export(kept) }
            row.part(R.id.delete).setOnClickListener { delete(kept) }
            return row
        }
    }

    private fun look(kept: Kept) {
        startActivity(Intent(this, CompareActivity::class.java).putExtra(CompareActivity.SHOT, kept.name))
    }

    private fun export(kept: Kept) {
        asked = kept
        val isAllowed = Newer.hasScopedStorage ||
            checkSelfPermission(permission.WRITE_EXTERNAL_STORAGE) == PackageManager.PERMISSION_GRANTED
        if (!isAllowed) return requestPermissions(arrayOf(permission.WRITE_EXTERNAL_STORAGE), 0)
        desk.onDisk({ Album(applicationContext).add(kept, withPicture = false) }) {
            Toast.makeText(applicationContext, R.string.saved_dng, Toast.LENGTH_LONG).show()
        }
    }

    override fun onRequestPermissionsResult(request: Int, names: Array<out String>, answers: IntArray) {
        val kept = asked ?: return
        if (answers.firstOrNull() == PackageManager.PERMISSION_GRANTED) export(kept) else desk.tell(Failure.Denied("Writing to Pictures"))
    }

    private fun delete(kept: Kept) {
        AlertDialog.Builder(this).setTitle(R.string.delete_title).setMessage(R.string.delete_text)
            .setPositiveButton(R.string.delete) { _, _ -> desk.onDisk({ kept.folder.deleteRecursively() }, ::refresh) }
            .setNegativeButton(R.string.cancel, null)
            .show()
    }
}
