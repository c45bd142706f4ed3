package dev.edgeisp.core

import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.json.JSONArray
import org.json.JSONObject

/** A runtime in another process: each call goes out on stdout, its answer comes in on stdin. */
private class Pipe(private val to: DataOutputStream, private val from: DataInputStream) : Program {
    override val ranOn = "pipe"

    override fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray> {
        to.writeUTF(function)
        to.writeInt(inputs.size)
        for (input in inputs) {
            to.writeUTF(input.name)
            val bytes = ByteBuffer.allocate(4 * input.values.size).order(ByteOrder.LITTLE_ENDIAN)
            bytes.asFloatBuffer().put(input.values)
            to.writeInt(bytes.capacity())
            to.write(bytes.array())
        }
        to.flush()
        return outputs.map {
            val bytes = ByteArray(from.readInt())
            from.readFully(bytes)
            val floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
            FloatArray(floats.remaining()).also { values -> floats.get(values) }
        }
    }

    override fun close() = Unit
}

/** The same as something that opens files. */
private class PipeEngine : Engine {
    override val name = "pipe"
    override val suffix = ".tflite"
    override val isCpu = true
    override fun open(artifact: File, threads: Int): Program =
        Pipe(DataOutputStream(System.out.buffered(1 shl 16)), DataInputStream(System.`in`.buffered(1 shl 16)))
}

/**
 * What the tests in Python start, with themselves as the runtime: `render CASE PICTURE`, `benchmark FOLDER RESULTS`, or
 * `check FOLDER ANSWER`, the self-test of an app whose artifact is in a folder.
 */
fun main(arguments: Array<String>) {
    val (from, to) = arguments.drop(1).map(::File)
    when (arguments[0]) {
        "render" -> render(from, to)
        "benchmark" -> benchmark(from, to) { PipeEngine() }
        else -> check(from, to)
    }
}

private fun check(folder: File, answer: File) {
    val manifest = Manifest.read(folder.listFiles()!!.single { it.name.endsWith(Manifest.SUFFIX) })
    val golden = Golden.read(File(folder, "golden.json"), manifest)
    val artifact = File(folder, manifest.artifact)
    Checked.open(manifest, artifact, golden, listOf(PipeEngine()), Trial(File(answer.path + ".trial"))).use {
        answer.writeText(JSONObject(it.psnrDb).toString())
    }
}

/** Renders the frame that a JSON file tells of (the fields of `frames.json`; mosaic and manifest are beside it). */
private fun render(case: File, picture: File) {
    val json = JSONObject(case.readText())
    val memory = ByteBuffer.wrap(File(case.parentFile, json.getString("mosaic")).readBytes())
    val sensor = Sensor(
        Cfa.valueOf(json.getString("cfa")), json.doubles("black_level"), json.getDouble("white_level"),
        json.doubles("white_balance"), json.doubles("color_matrix"), json.getInt("orientation"),
    )
    val frame = Frame(Mosaic.of(memory, json.getInt("width"), json.getInt("height"), json.getInt("row_stride")), sensor)
    val path = File(case.parentFile, json.getString("manifest"))
    val manifest = Manifest.read(path)
    val canvas = Bytes(frame.placement.height, frame.placement.width)
    val renderer = Renderer(Model(manifest, PipeEngine().open(File(path.parentFile, manifest.artifact), 1)))
    val context = renderer.context(frame)
    renderer.render(frame, context, canvas)
    canvas.assertWhole()
    File("$picture.steps.json").writeText(JSONArray(manifest.steps(context).map(Step::toJson)).toString())
    picture.writeBytes(canvas.pixels)
}
