package dev.edgeisp.core

/** White balance and camera matrices; arithmetic as `edgeisp/raw/color.py`. */
object Color {
    /** Linear sRGB to XYZ, both with white D65 (IEC 61966-2-1). */
    private val XYZ_FROM_SRGB = doubleArrayOf(
        0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.0721750, 0.0193339, 0.1191920, 0.9503041,
    )

    /** Gains of R, Gr, Gb, B, the smallest 1. */
    fun planeGains(whiteBalance: List<Double>): FloatArray {
        val (r, g, b) = whiteBalance.map(Double::toFloat)
        val least = minOf(r, g, b)
        return floatArrayOf(r / least, g / least, g / least, b / least)
    }

    /** White-balanced camera RGB to linear sRGB, nine numbers by rows; rows sum to 1, so that grey stays grey. */
    fun srgbFromCamera(colorMatrix: List<Double>): FloatArray {
        val camera = DoubleArray(9) { i ->
            (0..2).sumOf { k -> colorMatrix[i / 3 * 3 + k] * XYZ_FROM_SRGB[3 * k + i % 3] }
        }
        for (row in 0..2) {
            val sum = camera[3 * row] + camera[3 * row + 1] + camera[3 * row + 2]
            for (column in 0..2) camera[3 * row + column] /= sum
        }
        val inverse = inverse(camera)
        if (inverse.any { !it.isFinite() }) throw Failure.UnexpectedSensor("colour matrix $colorMatrix")
        return FloatArray(9) { inverse[it].toFloat() }
    }

    private fun inverse(m: DoubleArray): DoubleArray {
        fun minor(row: Int, column: Int): Double {
            val (r, s) = (0..2).filter { it != row }
            val (c, d) = (0..2).filter { it != column }
            return m[3 * r + c] * m[3 * s + d] - m[3 * r + d] * m[3 * s + c]
        }
        val determinant = m[0] * minor(0, 0) - m[1] * minor(0, 1) + m[2] * minor(0, 2)
        return DoubleArray(9) { i ->
            val sign = if ((i / 3 + i % 3) % 2 == 0) 1 else -1
            sign * minor(i % 3, i / 3) / determinant
        }
    }
}
