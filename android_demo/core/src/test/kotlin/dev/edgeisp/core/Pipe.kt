package dev.edgeisp.core

import java.io.DataInputStream
import java.io.DataOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
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

/**
 * Renders the frame that a JSON file tells of (the fields of `frames.json`; names are beside it) by a runtime at the other
 * end of stdin and stdout, and writes the picture: what `tests/android/test_bytes.py` compares with `edgeisp render`.
 */
fun main(arguments: Array<String>) {
    val (case, picture) = arguments.map(::File)
    val json = JSONObject(case.readText())
    val memory = ByteBuffer.wrap(File(case.parentFile, json.getString("mosaic")).readBytes())
    val sensor = Sensor(
        Cfa.valueOf(json.getString("cfa")), json.doubles("black_level"), json.getDouble("white_level"),
        json.doubles("white_balance"), json.doubles("color_matrix"), json.getInt("orientation"),
    )
    val frame = Frame(Mosaic.of(memory, json.getInt("width"), json.getInt("height"), json.getInt("row_stride")), sensor)
    val manifest = Manifest.read(File(json.getString("manifest")))
    val pipe = Pipe(DataOutputStream(System.out.buffered(1 shl 16)), DataInputStream(System.`in`.buffered(1 shl 16)))
    val canvas = Bytes(frame.placement.height, frame.placement.width)
    Renderer(Model(manifest, pipe)).render(frame, canvas)
    canvas.assertWhole()
    picture.writeBytes(canvas.pixels)
}
