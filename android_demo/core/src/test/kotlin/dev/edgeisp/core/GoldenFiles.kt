package dev.edgeisp.core

import java.io.File
import java.nio.ByteBuffer
import kotlin.test.assertContentEquals
import org.json.JSONArray
import org.json.JSONObject
import org.json.JSONTokener

/** The golden files that Python writes; their README tells what each of them is. */
object GoldenFiles {
    private val folder = File(
        System.getProperty("edgeisp.golden") ?: error("-Dedgeisp.golden=FOLDER names the folder tests/golden"),
    )

    fun file(name: String) = File(folder, name)
    fun floats(name: String): FloatArray = floats(file(name))
    fun json(name: String): Any = JSONTokener(file("$name.json").readText()).nextValue()
    fun cases(name: String): List<JSONObject> = (json(name) as JSONArray).objects { it }

    fun frame(case: JSONObject, exposure: Double = 0.0): Frame {
        val memory = ByteBuffer.wrap(file(case.getString("mosaic")).readBytes())
        val mosaic = Mosaic.of(memory, case.getInt("width"), case.getInt("height"), case.getInt("row_stride"))
        val matrix = if (case.has("color_matrix")) case.doubles("color_matrix") else IDENTITY
        val sensor = Sensor(
            Cfa.valueOf(case.getString("cfa")), case.doubles("black_level"), case.getDouble("white_level"),
            case.doubles("white_balance"), matrix, case.optInt("orientation", 1),
        )
        return Frame(mosaic, sensor, exposure)
    }

    private val IDENTITY = listOf(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
}

fun JSONArray.ints(): List<Int> = (0 until length()).map(::getInt)
fun JSONObject.ints(name: String): List<Int> = getJSONArray(name).ints()
fun JSONArray.singles(): FloatArray = FloatArray(length()) { getDouble(it).toFloat() }
fun JSONObject.singles(name: String): FloatArray = getJSONArray(name).singles()

/** Equal to the bit, so that -0 is not 0. */
fun assertBits(expected: FloatArray, got: FloatArray, where: String) =
    assertContentEquals(
        expected.map(Float::toRawBits), got.map(Float::toRawBits), where,
    )

/** Assembles an upright picture, `H x W x 3`. */
class Bytes(private val height: Int, private val width: Int) : Canvas {
    val pixels = ByteArray(3 * height * width)
    private val written = BooleanArray(height * width)

    override fun put(left: Int, top: Int, width: Int, height: Int, colors: IntArray) {
        for (y in 0 until height) for (x in 0 until width) {
            val place = (top + y) * this.width + left + x
            check(!written[place]) { "pixel ${left + x}, ${top + y} is written twice" }
            written[place] = true
            val color = colors[y * width + x]
            for (k in 0..2) pixels[3 * place + k] = (color shr (16 - 8 * k)).toByte()
        }
    }

    fun assertWhole() = check(written.all { it }) { "${written.count { !it }} of ${height * width} pixels are not written" }
}
