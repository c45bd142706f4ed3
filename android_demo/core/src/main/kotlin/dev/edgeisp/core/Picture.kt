package dev.edgeisp.core

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.min

/** Takes finished blocks of an upright picture: `height x width` colours 0xffRRGGBB, row by row. */
fun interface Canvas {
    fun put(left: Int, top: Int, width: Int, height: Int, colors: IntArray)
}

/**
 * Where pixels of the planes' picture go: flips and padding undone, turned upright (TIFF 6.0, tag 274).
 *
 * All of that is one affine map, so that a block goes straight to its place and the picture exists once.
 */
class Placement(
    private val gridHeight: Int,
    private val gridWidth: Int,
    private val flipsRows: Boolean,
    private val flipsColumns: Boolean,
    private val rows: Int,
    private val columns: Int,
    private val orientation: Int,
) {
    /** Of the upright picture. */
    val height = if (orientation >= 5) columns else rows
    val width = if (orientation >= 5) rows else columns

    /** Puts [rgb], planar `3 x height x width` in [0, 1], at a place of the grid, quantized and upright. */
    fun put(rgb: FloatArray, top: Int, left: Int, height: Int, width: Int, canvas: Canvas) {
        val firstRow = max(top, if (flipsRows) gridHeight - rows else 0)
        val lastRow = min(top + height, if (flipsRows) gridHeight else rows) - 1
        val firstColumn = max(left, if (flipsColumns) gridWidth - columns else 0)
        val lastColumn = min(left + width, if (flipsColumns) gridWidth else columns) - 1
        if (firstRow > lastRow || firstColumn > lastColumn) return
        val (y0, x0) = upright(firstRow, firstColumn)
        val (y1, x1) = upright(lastRow, lastColumn)
        val blockWidth = abs(x1 - x0) + 1
        val blockHeight = abs(y1 - y0) + 1
        val (x, y) = min(x0, x1) to min(y0, y1)
        fun index(row: Int, column: Int) = upright(row, column).let { (toY, toX) -> (toY - y) * blockWidth + toX - x }
        val start = index(firstRow, firstColumn)
        val (down, right) = index(firstRow + 1, firstColumn) - start to index(firstRow, firstColumn + 1) - start
        val colors = IntArray(blockWidth * blockHeight)
        for (row in firstRow..lastRow) {
            var to = start + (row - firstRow) * down
            var from = (row - top) * width + firstColumn - left
            for (column in firstColumn..lastColumn) {
                val noise = dither(row, column)
                colors[to] = OPAQUE or
                    (code(rgb[from], noise) shl 16) or
                    (code(rgb[from + height * width], noise) shl 8) or
                    code(rgb[from + 2 * height * width], noise)
                to += right
                from++
            }
        }
        canvas.put(x, y, blockWidth, blockHeight, colors)
    }

    private fun upright(gridRow: Int, gridColumn: Int): Pair<Int, Int> {
        val row = if (flipsRows) gridHeight - 1 - gridRow else gridRow
        val column = if (flipsColumns) gridWidth - 1 - gridColumn else gridColumn
        val y = if (orientation >= 5) column else row
        val x = if (orientation >= 5) row else column
        return (if (orientation in REVERSES_ROWS) height - 1 - y else y) to
            (if (orientation in REVERSES_COLUMNS) width - 1 - x else x)
    }

    private companion object {
        const val OPAQUE = 0xff shl 24
        val REVERSES_ROWS = setOf(3, 4, 7, 8)
        val REVERSES_COLUMNS = setOf(2, 3, 6, 7)
    }
}

/** A value of [0, 1] as eight bits, with [noise] of [0, 1) to add before truncation. */
fun code(value: Float, noise: Float): Int = min(max(0f, min(value, 1f)) * 255f + noise, 255f).toInt()

/** Interleaved gradient noise (Jimenez 2014): a fixed pattern of the picture's pixels, so that smooth skies show no steps. */
fun dither(row: Int, column: Int): Float =
    fraction(52.9829189 * fraction(0.06711056 * column + 0.00583715 * row)).toFloat()

private fun fraction(x: Double): Double = x - x.toInt()
