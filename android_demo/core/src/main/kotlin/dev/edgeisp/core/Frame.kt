package dev.edgeisp.core

import kotlin.math.max
import kotlin.math.min
import kotlin.math.pow

/**
 * A mosaic as networks see it: canonical planes of any window, made when asked for. Floats exist for one window at a time.
 *
 * Canonical: R, Gr, Gb, B; black subtracted, white-balanced with the smallest gain 1, clipped at white, noise below black
 * kept. [exposure] is in EV; stops above 0 act before saturation, as a longer exposure would, those below 0 after it.
 */
class Frame(private val mosaic: Mosaic, val sensor: Sensor, exposure: Double = 0.0) {
    /** Height and width of the planes. */
    val height = (mosaic.height + 1) / 2
    val width = (mosaic.width + 1) / 2

    /** The colour matrix as networks take it. */
    val color: FloatArray = Color.srgbFromCamera(sensor.colorMatrix)

    /** Where the picture made from the planes goes. */
    val placement = Placement(
        2 * height, 2 * width, sensor.cfa.flipsRows, sensor.cfa.flipsColumns, mosaic.height, mosaic.width,
        sensor.orientation,
    )

    private val black = FloatArray(4) { sensor.blackLevel[it].toFloat() }
    private val scale = FloatArray(4) { (1 / (sensor.whiteLevel - sensor.blackLevel[it])).toFloat() }
    private val gains = Color.planeGains(sensor.whiteBalance)
    private val before = 2.0.pow(max(exposure, 0.0)).toFloat()
    private val after = 2.0.pow(min(exposure, 0.0)).toFloat()

    /** Planes without white balance and exposure, `4 x height x width`. */
    fun planes(): FloatArray = each(0, 0, height, width) { _, x -> x }

    /** Canonical planes of a window, `4 x height x width`; outside the frame they are its mirror image. */
    fun window(top: Int, left: Int, height: Int, width: Int): FloatArray =
        each(top, left, height, width) { plane, x -> min(x * before * gains[plane], 1f) * after }

    private inline fun each(top: Int, left: Int, height: Int, width: Int, then: (Int, Float) -> Float): FloatArray {
        val rows = mirrored(top, height, this.height)
        val columns = mirrored(left, width, this.width)
        val made = FloatArray(4 * height * width)
        for (plane in 0..3) {
            val places = IntArray(width) { place(2 * columns[it] + plane % 2, mosaic.width, sensor.cfa.flipsColumns) }
            for (y in 0 until height) {
                val row = place(2 * rows[y] + plane / 2, mosaic.height, sensor.cfa.flipsRows)
                val start = (plane * height + y) * width
                for (x in 0 until width) {
                    made[start + x] = then(plane, (mosaic[row, places[x]].toFloat() - black[plane]) * scale[plane])
                }
            }
        }
        return made
    }

    /** Where in the mosaic a row or column of the RGGB mosaic is: flips undone, an odd side's padding mirrored. */
    private fun place(index: Int, length: Int, flips: Boolean): Int {
        val padded = length + length % 2
        val unflipped = if (flips) padded - 1 - index else index
        return if (unflipped < length) unflipped else length - 2
    }

    /** Means of the canonical planes over the cells of a grid that spans the frame, `4 x height x width`. */
    fun thumbnail(height: Int, width: Int): FloatArray {
        val made = FloatArray(4 * height * width)
        for (row in 0 until height) {
            val (top, bottom) = cell(row, height, this.height)
            val band = window(top, 0, bottom - top, this.width)
            val means = DoubleArray(4 * this.width) { i ->
                val start = i / this.width * (bottom - top) * this.width + i % this.width
                (0 until bottom - top).sumOf { band[start + it * this.width].toDouble() } / (bottom - top)
            }
            for (plane in 0..3) for (column in 0 until width) {
                val (left, right) = cell(column, width, this.width)
                val sum = (left until right).sumOf { means[plane * this.width + it] }
                made[(plane * height + row) * width + column] = (sum / (right - left)).toFloat()
            }
        }
        return made
    }

    private fun cell(index: Int, count: Int, length: Int): Pair<Int, Int> =
        index * length / count to ((index + 1) * length + count - 1) / count
}
