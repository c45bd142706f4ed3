package dev.edgeisp.camera

import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CaptureResult
import android.hardware.camera2.params.ColorSpaceTransform
import android.util.Rational
import dev.edgeisp.core.Calibration
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Shot

/**
 * What a camera says of a shot, in the core's numbers. [held] is by how many degrees the phone is turned clockwise.
 *
 * Throws [Failure.UnexpectedSensor] where it says too little.
 */
fun shot(camera: CameraCharacteristics, result: CaptureResult, held: Int): Shot {
    val black = Newer.blackLevels(result) ?: camera.get(CameraCharacteristics.SENSOR_BLACK_LEVEL_PATTERN)?.let { pattern ->
        (0..3).map { pattern.getOffsetForIndex(it % 2, it / 2).toDouble() }
    }
    return Shot(
        arrangement = camera.get(CameraCharacteristics.SENSOR_INFO_COLOR_FILTER_ARRANGEMENT) ?: missing("colour filters"),
        black = black ?: missing("black level"),
        white = Newer.whiteLevel(result) ?: camera.get(CameraCharacteristics.SENSOR_INFO_WHITE_LEVEL)?.toDouble() ?: missing("white level"),
        neutral = result.get(CaptureResult.SENSOR_NEUTRAL_COLOR_POINT)?.map(Rational::toDouble) ?: missing("white balance"),
        calibrations = listOfNotNull(
            calibration(
                camera.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT1),
                camera.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM1),
                camera.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM1),
            ),
            calibration(
                camera.get(CameraCharacteristics.SENSOR_REFERENCE_ILLUMINANT2)?.toInt(),
                camera.get(CameraCharacteristics.SENSOR_COLOR_TRANSFORM2),
                camera.get(CameraCharacteristics.SENSOR_CALIBRATION_TRANSFORM2),
            ),
        ),
        mounted = camera.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0,
        held = held,
        front = camera.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_FRONT,
    )
}

private fun calibration(illuminant: Int?, matrix: ColorSpaceTransform?, unit: ColorSpaceTransform?): Calibration? {
    if (matrix == null) return null
    return Calibration(illuminant ?: 0, numbers(matrix), unit?.let(::numbers))
}

private fun numbers(transform: ColorSpaceTransform): List<Double> =
    List(9) { transform.getElement(it % 3, it / 3).toDouble() }

private fun missing(what: String): Nothing = throw Failure.UnexpectedSensor("the camera tells of no $what")
