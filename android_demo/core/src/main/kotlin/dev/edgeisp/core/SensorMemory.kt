package dev.edgeisp.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Sensor memory as the camera gave it: [height] rows of uint16 little endian, [rowStride] bytes apart. Nothing is checked yet. */
class SensorMemory(val bytes: ByteBuffer, val width: Int, val height: Int, val rowStride: Int, val pixelStride: Int) {

    /** The mosaic. Throws [Failure.UnexpectedSensor] where the rows cannot be that. */
    fun mosaic(): Mosaic = Mosaic.of(bytes, width, height, rowStride, pixelStride)

    /** How much smaller a preview is whose longer side has at most [side] pixels. */
    fun factor(side: Int): Int = maxOf(1, (maxOf(width, height) + side - 1) / side)

    /**
     * A mosaic of a [factor]th of the size, for previews: means of `factor x factor` neighbours of each colour, rounded.
     * The full mosaic is never copied.
     */
    fun binned(factor: Int): Mosaic {
        Mosaic.check(bytes, width, height, rowStride, pixelStride)
        val (rows, columns) = height / 2 / factor to width / 2 / factor
        if (factor <= 1 || rows == 0 || columns == 0) return mosaic()
        val source = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN)
        val line = ShortArray(width)
        val sums = IntArray(2 * columns)
        val values = ShortArray(4 * rows * columns)
        for (row in 0 until 2 * rows) {
            sums.fill(factor * factor / 2)
            for (y in 0 until factor) {
                source.position((row / 2 * 2 * factor + row % 2 + 2 * y) * rowStride)
                source.slice().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().get(line)
                for (column in sums.indices) {
                    val left = column / 2 * 2 * factor + column % 2
                    for (x in 0 until factor) sums[column] += line[left + 2 * x].toInt() and 0xffff
                }
            }
            for (column in sums.indices) values[row * 2 * columns + column] = (sums[column] / (factor * factor)).toShort()
        }
        return Mosaic(2 * columns, 2 * rows, values)
    }
}
