package dev.edgeisp.core

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.json.JSONException
import org.json.JSONObject

/** What a function was given and gave, on the machine that verified the artifact; one entry of the list for each call. */
class Recorded(val inputs: List<Map<String, FloatArray>>, val outputs: List<Map<String, FloatArray>>)

/** The self-test: calls with the answers that are expected (`golden.json`). */
class Golden(val artifact: String, val leastPsnrDb: Double, val functions: Map<String, Recorded>) {

    /** How well [model] repeats each function, in dB. Throws [Failure.WrongNumbers] where that is below the limit. */
    fun check(model: Model): Map<String, Double> {
        val found = functions.mapValues { (name, recorded) ->
            psnr(
                recorded.inputs.zip(recorded.outputs).flatMap { (given, expected) ->
                    val got = model.run(name, given)
                    expected.map { (output, values) -> values to got.getValue(output) }
                },
            )
        }
        val broken = found.filterValues { it < leastPsnrDb }
        if (broken.isNotEmpty()) {
            val why = broken.entries.joinToString { (name, db) -> "$name ${"%.1f".format(db)} dB" }
            throw Failure.WrongNumbers(model.ranOn, "$why, at least $leastPsnrDb dB is wanted")
        }
        return found
    }

    companion object {
        private const val VERSION = 1

        /** Reads `golden.json` and the files beside it, for an artifact of [manifest]. */
        fun read(path: File, manifest: Manifest): Golden {
            if (!path.isFile) throw Failure.BadGolden("${path.name} is not there")
            try {
                val top = JSONObject(path.readText())
                if (top.getInt("golden") != VERSION) throw Failure.BadGolden("${path.name} is of another version")
                val artifact = top.getString("artifact")
                if (artifact != manifest.artifact) throw Failure.BadGolden("${path.name} is of $artifact")
                val functions = top.getJSONObject("functions").entries { it as JSONObject }.mapValues { (name, json) ->
                    val entry = manifest.functions[name] ?: throw Failure.BadGolden("no function is called $name")
                    fun recorded(ports: List<Port>, kind: String): List<Map<String, FloatArray>> {
                        val files = json.getJSONObject(kind)
                        val all = ports.associate { it.name to floats(File(path.parentFile, files.getString(it.name))) }
                        return List(json.getInt("count")) { k -> ports.associate { it.name to part(all, it, k) } }
                    }
                    Recorded(recorded(entry.inputs, "inputs"), recorded(entry.outputs, "outputs"))
                }
                return Golden(artifact, top.getDouble("least_psnr_db"), functions)
            } catch (error: JSONException) {
                throw Failure.BadGolden("${path.name}: ${error.message}", error)
            }
        }

        private fun part(all: Map<String, FloatArray>, port: Port, k: Int): FloatArray {
            val values = all.getValue(port.name)
            if (values.size < (k + 1) * port.size) throw Failure.BadGolden("too few values of ${port.name}")
            return values.copyOfRange(k * port.size, (k + 1) * port.size)
        }
    }
}

/** float32, little endian. */
fun floats(file: File): FloatArray {
    if (!file.isFile) throw Failure.BadGolden("${file.name} is not there")
    val buffer = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
    return FloatArray(buffer.remaining()).also { buffer.get(it) }
}
