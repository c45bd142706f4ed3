package dev.edgeisp.core

import java.io.File
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONObject

/** Adds its two inputs. */
private class Adding : Engine, Program {
    var runs = 0
    override val name = "adding"
    override val suffix = ".tflite"
    override val isCpu = true
    override val ranOn = "adding 1"
    override fun open(artifact: File, threads: Int): Program = this
    override fun close() = Unit
    override fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray> {
        runs++
        val (a, b) = inputs
        return listOf(FloatArray(a.values.size) { a.values[it] + b.values[it] })
    }
}

class BenchmarkTest {
    private val folder = File.createTempFile("edgeisp", "").also { it.delete(); it.mkdirs() }
    private val results = File(folder, "results")

    @AfterTest fun clean() {
        folder.deleteRecursively()
    }

    private fun given(call: String) {
        File(folder, "call.json").writeText(call)
        File(folder, "net.tflite").writeText("net")
        File(folder, "in.0").writeBytes(byteArrayOf(0, 0, -128, 63, 0, 0, 0, 64)) // 1, 2
        File(folder, "in.1").writeBytes(byteArrayOf(0, 0, 0, 63, 0, 0, -128, 62)) // 0.5, 0.25
    }

    private val call = """{"artifact": "net.tflite", "function": "tile", "inputs": ["a", "b"],
        "shapes": [[1, 2], [1, 2]], "outputs": ["sum"], "threads": 3, "warmup": 2, "runs": 5}"""

    @Test fun call_is_run_timed_and_written_as_the_contract_says() {
        given(call)
        val engine = Adding()
        benchmark(folder, results) { engine }
        val said = JSONObject(File(results, "result.json").readText())
        assertEquals(1 + 2 + 5, engine.runs)
        assertEquals("adding 1", said.getString("runtime"))
        assertEquals(3, said.getInt("threads"))
        assertEquals(5, said.getJSONArray("samples_ms").length())
        assertTrue(said.getDouble("load_ms") >= 0 && said.getDouble("first_ms") >= 0)
        assertTrue(said.getLong("peak_bytes") >= said.getLong("idle_bytes"))
        assertEquals("sum", said.getJSONArray("outputs").getString(0))
        assertContentEquals(floatArrayOf(1.5f, 2.25f), floats(File(results, "out.0")))
    }

    @Test fun call_that_does_not_fit_is_refused() {
        given(call.replace("[1, 2], [1, 2]", "[1, 2], [1, 3]"))
        assertFailsWith<Failure.BadGolden> { benchmark(folder, results) { Adding() } }
        given(call.replace("net.tflite", "gone.tflite"))
        assertFailsWith<Failure.WrongFile> { benchmark(folder, results) { Adding() } }
        given("{}")
        assertFailsWith<Failure.BadGolden> { benchmark(folder, results) { Adding() } }
        assertEquals(false, results.exists())
    }
}
