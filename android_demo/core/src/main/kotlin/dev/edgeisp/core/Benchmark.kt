package dev.edgeisp.core

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** Resident memory of this process in bytes, now and at its most; null where the system does not say. */
class Memory(val now: Long?, val peak: Long?) {
    companion object {
        /** From `/proc/self/status`. */
        fun here(): Memory {
            val lines = File("/proc/self/status").takeIf { it.canRead() }?.readLines().orEmpty()
            fun bytes(field: String) = lines.find { it.startsWith(field) }
                ?.filter(Char::isDigit)?.toLongOrNull()?.times(1024)
            return Memory(bytes("VmRSS:"), bytes("VmHWM:"))
        }
    }
}

/**
 * Times one function, as `edgeisp profile --app` asks (docs/devices.md): [folder] holds the artifact, its inputs and
 * `call.json`; outputs and `result.json` go to [results]. Once, then warm-up, then the timed runs.
 */
fun benchmark(folder: File, results: File, engine: (File) -> Engine) {
    val call = try {
        Call.of(JSONObject(File(folder, "call.json").readText()))
    } catch (error: JSONException) {
        throw Failure.BadGolden("call.json: ${error.message}", error)
    }
    val artifact = File(folder, call.artifact)
    if (!artifact.isFile) throw Failure.WrongFile(call.artifact, "is not there")
    val inputs = call.inputs.mapIndexed { k, port ->
        val values = floats(File(folder, "in.$k"))
        if (values.size != port.size) throw Failure.BadGolden("in.$k has ${values.size} values, ${port.name} takes ${port.size}")
        Tensor(port.name, port.shape, values)
    }
    val (timing, outputs) = time(
        { engine(artifact).open(artifact, call.threads) }, call.function, inputs, call.outputs, call.warmup, call.runs,
    )
    results.mkdirs()
    for ((k, output) in outputs.withIndex()) File(results, "out.$k").writeBytes(bytes(output))
    val result = timing.toJson().put("threads", call.threads).put("outputs", JSONArray(call.outputs))
    File(results, "result.json").writeText(result.toString())
}

/** What one function takes; times in ms, memory in bytes. */
class Timing(
    val ranOn: String,
    val loadMs: Double,
    val firstMs: Double,
    val samplesMs: List<Double>,
    val idleBytes: Long?,
    val peakBytes: Long?,
) {
    fun toJson(): JSONObject = JSONObject()
        .put("runtime", ranOn)
        .put("load_ms", loadMs)
        .put("first_ms", firstMs)
        .put("samples_ms", JSONArray(samplesMs))
        .put("idle_bytes", idleBytes ?: JSONObject.NULL)
        .put("peak_bytes", peakBytes ?: JSONObject.NULL)
}

/** Opens, runs a function once, then [warmup] times, then [runs] times; [goOn] is asked before each. With the last outputs. */
fun time(
    open: () -> Program,
    function: String,
    inputs: List<Tensor>,
    outputs: List<String>,
    warmup: Int,
    runs: Int,
    goOn: () -> Boolean = { true },
): Pair<Timing, List<FloatArray>> {
    val idle = Memory.here().now
    val (program, loadMs) = timed(open)
    return program.use {
        fun once(): Pair<List<FloatArray>, Double> {
            if (!goOn()) throw Failure.Cancelled()
            return timed { it.run(function, inputs, outputs) }
        }
        var (made, firstMs) = once()
        repeat(warmup) { _ -> once() }
        val samples = List(runs) { _ ->
            val (latest, ms) = once()
            made = latest
            ms
        }
        Timing(it.ranOn, loadMs, firstMs, samples, idle, Memory.here().peak) to made
    }
}

private class Call(
    val artifact: String,
    val function: String,
    val inputs: List<Port>,
    val outputs: List<String>,
    val threads: Int,
    val warmup: Int,
    val runs: Int,
) {
    companion object {
        fun of(json: JSONObject): Call {
            val (names, shapes) = json.getJSONArray("inputs") to json.getJSONArray("shapes")
            val inputs = (0 until names.length()).map { k ->
                val shape = shapes.getJSONArray(k)
                Port(names.getString(k), (0 until shape.length()).map(shape::getInt))
            }
            val outputs = json.getJSONArray("outputs").let { all -> (0 until all.length()).map(all::getString) }
            return Call(
                json.getString("artifact"), json.getString("function"), inputs, outputs,
                json.getInt("threads"), json.getInt("warmup"), json.getInt("runs"),
            )
        }
    }
}

private inline fun <T> timed(work: () -> T): Pair<T, Double> {
    val began = System.nanoTime()
    val made = work()
    return made to (System.nanoTime() - began) / 1e6
}

private fun bytes(values: FloatArray): ByteArray {
    val buffer = ByteBuffer.allocate(4 * values.size).order(ByteOrder.LITTLE_ENDIAN)
    buffer.asFloatBuffer().put(values)
    return buffer.array()
}
