package dev.edgeisp.core

import org.json.JSONArray
import org.json.JSONObject

/** One of the two calibrations that a camera has, each for its light. Matrices are 3x3, row by row. */
data class Calibration(
    /** EXIF light source: 21 is D65, 17 is standard light A. */
    val illuminant: Int,
    /** XYZ to the reference camera's RGB, under that light. */
    val colorMatrix: List<Double>,
    /** From the reference camera to this one; null for the same. */
    val unit: List<Double>?,
)

/**
 * What Camera2 says of a shot and of the camera that made it, in numbers. The DNG of the same shot holds the same numbers in
 * its tags, so that `edgeisp render` makes the same picture of it.
 */
data class Shot(
    /** `SENSOR_INFO_COLOR_FILTER_ARRANGEMENT`. */
    val arrangement: Int,
    /** Black levels of the 2x2 block at the mosaic's top left pixel, in reading order; of the shot, else of the camera. */
    val black: List<Double>,
    /** White level; of the shot, else of the camera. */
    val white: Double,
    /** `SENSOR_NEUTRAL_COLOR_POINT`: what grey looks like to the camera. */
    val neutral: List<Double>,
    val calibrations: List<Calibration>,
    /** `SENSOR_ORIENTATION`: degrees by which the picture is turned clockwise to be upright in the phone's own orientation. */
    val mounted: Int,
    /** Degrees by which the phone is turned clockwise from its own orientation; a multiple of 90. */
    val held: Int,
    /** Whether the camera looks at the user. */
    val front: Boolean,
) {
    /** EXIF orientation of the picture, unmirrored. */
    val orientation: Int
        get() = when ((mounted + if (front) -held else held).mod(360)) {
            90 -> 6
            180 -> 3
            270 -> 8
            else -> 1
        }

    /** Throws [Failure.UnexpectedSensor] where the numbers make no sense, or the sensor is no Bayer sensor. */
    val sensor: Sensor
        get() {
            val cfa = Cfa.entries.getOrNull(arrangement)
                ?: throw Failure.UnexpectedSensor("colour filters of arrangement $arrangement, no Bayer layout")
            val calibration = calibrations.minByOrNull { NEAREST_D65.indexOf(it.illuminant).mod(UNKNOWN) }
                ?: throw Failure.UnexpectedSensor("no colour matrix")
            if (black.size != 4) throw Failure.UnexpectedSensor("black levels $black")
            return Sensor(
                cfa, cfa.byPlane(black), white, neutral.map { 1 / it },
                calibration.unit?.let { product(it, calibration.colorMatrix) } ?: calibration.colorMatrix, orientation,
            )
        }

    /** For [of]. */
    fun toJson(): JSONObject = JSONObject()
        .put("arrangement", arrangement).put("black", JSONArray(black)).put("white", white).put("neutral", JSONArray(neutral))
        .put(
            "calibrations",
            JSONArray(
                calibrations.map {
                    JSONObject().put("illuminant", it.illuminant).put("color_matrix", JSONArray(it.colorMatrix))
                        .put("unit", it.unit?.let(::JSONArray) ?: JSONObject.NULL)
                },
            ),
        )
        .put("mounted", mounted).put("held", held).put("front", front)

    companion object {
        /** What [toJson] wrote; the fields of `camera.json` of the golden files. */
        fun of(json: JSONObject) = Shot(
            json.getInt("arrangement"), json.doubles("black"), json.getDouble("white"), json.doubles("neutral"),
            json.getJSONArray("calibrations").objects {
                Calibration(it.getInt("illuminant"), it.doubles("color_matrix"), if (it.isNull("unit")) null else it.doubles("unit"))
            },
            json.optInt("mounted"), json.optInt("held"), json.optBoolean("front"),
        )

        /** EXIF illuminants, nearest to D65 first: D65, D55, daylights, flash, D75, D50, shade, lamps, A. */
        private val NEAREST_D65 = listOf(21, 20, 1, 9, 10, 4, 22, 23, 11, 2, 3, 24, 17)
        private const val UNKNOWN = 1000

        private fun product(a: List<Double>, b: List<Double>): List<Double> {
            if (a.size != 9 || b.size != 9) throw Failure.UnexpectedSensor("matrices of ${a.size} and ${b.size} numbers")
            return List(9) { i -> (0..2).sumOf { k -> a[i / 3 * 3 + k] * b[3 * k + i % 3] } }
        }
    }
}
