package dev.edgeisp.core

import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min

/** One side of a tile: it reads from [read] on, and writes `start until stop`; all in packed pixels. */
data class Span(val read: Int, val start: Int, val stop: Int)

/**
 * Covers [length] pixels with tiles of [tile] pixels that overlap by twice the [halo] and lie on the [stride]. The last
 * tile is moved back inside the frame rather than filled with mirrored pixels.
 */
fun spans(length: Int, tile: Int, halo: Int, stride: Int): List<Span> {
    if (halo < 0 || tile <= 2 * halo || tile % stride != 0 || halo % stride != 0) {
        throw Failure.Unusable(
            "Tiles of ${2 * tile} pixels with a halo of ${2 * halo} cannot be cut",
            "Export with a larger --tile; it must be a multiple of ${2 * stride} and more than twice the halo.",
        )
    }
    val core = tile - 2 * halo
    val furthest = max(0, (length + stride - 1) / stride * stride - core)
    return (0 until length step core).map { Span(min(it, furthest) - halo, it, min(it + core, length)) }
}

/** Indices `start until start + count` of an axis of [length], reflected at both of its ends. */
fun mirrored(start: Int, count: Int, length: Int): IntArray {
    if (length == 1) return IntArray(count)
    val period = 2 * (length - 1)
    return IntArray(count) {
        val folded = (start + it).mod(period)
        min(folded, period - folded)
    }
}

/** Where to start crops so that three of them span [length]; a single one where it is too short. */
fun cropStarts(length: Int, crop: Int): List<Int> {
    if (length <= crop) return listOf(0)
    return (0..2).map { roundedToEven((length - crop) * it / 2.0) }.distinct().sorted()
}

private fun roundedToEven(x: Double): Int {
    val below = floor(x).toInt()
    return if (x - below > 0.5 || (x - below == 0.5 && below % 2 != 0)) below + 1 else below
}
