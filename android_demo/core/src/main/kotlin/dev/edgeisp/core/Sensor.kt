package dev.edgeisp.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** What turns a mosaic into a picture, as the camera says it for one shot. */
data class Sensor(
    val cfa: Cfa,
    /** Sensor value of no light, in the order R, Gr, Gb, B. */
    val blackLevel: List<Double>,
    /** Sensor value of saturation. */
    val whiteLevel: Double,
    /** As-shot gains of R, G, B in any common scale. */
    val whiteBalance: List<Double>,
    /** XYZ (D65) to camera RGB, row by row. */
    val colorMatrix: List<Double>,
    /** EXIF orientation, 1 to 8. */
    val orientation: Int = 1,
) {
    init {
        fun need(holds: Boolean, why: () -> String) {
            if (!holds) throw Failure.UnexpectedSensor(why())
        }
        need(blackLevel.size == 4 && blackLevel.all { it >= 0 && it < whiteLevel }) {
            "black levels $blackLevel, white level $whiteLevel"
        }
        need(whiteBalance.size == 3 && whiteBalance.all { it.isFinite() && it > 0 }) { "white balance $whiteBalance" }
        need(colorMatrix.size == 9 && colorMatrix.all { it.isFinite() }) { "colour matrix $colorMatrix" }
        need(orientation in 1..8) { "orientation $orientation" }
    }
}

/** Sensor values, rows without gaps. */
class Mosaic(val width: Int, val height: Int, private val values: ShortArray) {
    init {
        require(values.size == width * height) { "$width x $height values wanted, got ${values.size}" }
    }

    operator fun get(row: Int, column: Int): Int = values[row * width + column].toInt() and 0xffff

    companion object {
        /**
         * Copies sensor memory: [height] rows of uint16 little endian, [rowStride] bytes apart. The last row may end
         * with its last pixel.
         */
        fun of(memory: ByteBuffer, width: Int, height: Int, rowStride: Int, pixelStride: Int = 2): Mosaic {
            check(memory, width, height, rowStride, pixelStride)
            val source = memory.duplicate().order(ByteOrder.LITTLE_ENDIAN)
            val values = ShortArray(width * height)
            for (row in 0 until height) {
                source.position(row * rowStride)
                source.slice().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().get(values, row * width, width)
            }
            return Mosaic(width, height, values)
        }

        /** Throws [Failure.UnexpectedSensor] where memory cannot hold such a mosaic. */
        fun check(memory: ByteBuffer, width: Int, height: Int, rowStride: Int, pixelStride: Int) {
            if (width < 2 || height < 2) throw Failure.UnexpectedSensor("a mosaic of ${width}x$height pixels")
            if (pixelStride != 2) throw Failure.UnexpectedSensor("$pixelStride bytes for each pixel, not 2")
            val needed = (height - 1L) * rowStride + 2L * width
            if (rowStride < 2 * width || memory.limit() < needed) {
                throw Failure.UnexpectedSensor("rows of $rowStride bytes, ${memory.limit()} in all, for ${width}x$height pixels")
            }
        }
    }
}
