package dev.edgeisp.camera

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.TextView
import dev.edgeisp.core.Event
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Tensor
import dev.edgeisp.core.Timing
import dev.edgeisp.core.median
import dev.edgeisp.core.quantile
import dev.edgeisp.core.time
import java.util.concurrent.atomic.AtomicBoolean
import org.json.JSONObject

/** Times each function of the model on each runtime; the JSON is that of `edgeisp profile --app`, by title. */
class BenchmarkActivity : Activity() {
    private val goesOn = AtomicBoolean()
    private val rows = StringBuilder()
    private val report = JSONObject()

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.benchmark)
        label(R.id.hint, getString(R.string.benchmark_hint, RUNS))
        button(R.id.run) { if (goesOn.get()) goesOn.set(false) else start() }
        button(R.id.share) {
            val send = Intent(Intent.ACTION_SEND).setType("application/json").putExtra(Intent.EXTRA_TEXT, report.toString(1))
            startActivity(Intent.createChooser(send, getString(R.string.share)))
        }
    }

    override fun onStop() {
        super.onStop()
        goesOn.set(false)
    }

    private fun start() {
        val found = desk.bundled ?: return label(R.id.rows, getString(R.string.self_test_failed))
        desk.send(Event.Away)
        rows.setLength(0)
        goesOn.set(true)
        showRunning(true)
        desk.onModelThread {
            val jobs = found.engines.flatMap { engine -> found.golden.functions.map { (name, recorded) -> Triple(engine, name, recorded) } }
            for ((engine, name, recorded) in jobs) {
                if (!goesOn.get()) break
                val entry = found.manifest.functions.getValue(name)
                val inputs = entry.inputs.map { Tensor(it.name, it.shape, recorded.inputs[0].getValue(it.name)) }
                val title = "$name on ${engine.name}"
                val row = try {
                    val (timing, _) = time(
                        { engine.open(found.artifact, 0) }, name, inputs, entry.outputs.map { it.name }, WARMUP, RUNS, goesOn::get,
                    )
                    report.put(title, timing.toJson().put("heat", desk.thermal().name.lowercase()))
                    said(title, timing)
                } catch (_: Failure.Cancelled) {
                    break
                } catch (failure: Failure) {
                    getString(R.string.benchmark_failed, title, failure.what)
                }
                runOnUiThread { label(R.id.rows, rows.append(row).append('\n')) }
            }
            goesOn.set(false)
            runOnUiThread { showRunning(false) }
        }
    }

    private fun said(title: String, timing: Timing): String = getString(
        R.string.benchmark_row, title, median(timing.samplesMs), quantile(timing.samplesMs, 0.9), timing.firstMs,
        (timing.peakBytes ?: 0) / 1_000_000, desk.thermal().name.lowercase(),
    )

    private fun showRunning(isRunning: Boolean) {
        view(R.id.running).visibility = if (isRunning) View.VISIBLE else View.GONE
        (findViewById(R.id.run) as Button).text = getString(if (isRunning) R.string.stop else R.string.run)
        (findViewById(R.id.rows) as TextView).keepScreenOn = isRunning
        view(R.id.share).isEnabled = !isRunning && report.length() > 0
    }

    private companion object {
        const val WARMUP = 3
        const val RUNS = 50
    }
}
