package dev.edgeisp.core

/** Scales about the view's centre, then turns clockwise about it. */
data class Fit(val scaleX: Float, val scaleY: Float, val degrees: Float)

/**
 * How to show a stream of [across] x [down] pixels, upright in the phone's own orientation, whole and undistorted in a view that
 * stretches it to [width] x [height], when the screen is turned by [rotation] quarters (`Display.getRotation`).
 */
fun previewFit(across: Int, down: Int, width: Float, height: Float, rotation: Int): Fit {
    val (seenAcross, seenDown) = if (rotation % 2 == 0) across to down else down to across
    val scale = minOf(width / seenAcross, height / seenDown)
    return Fit(scale * across / width, scale * down / height, (-90 * rotation).toFloat())
}
