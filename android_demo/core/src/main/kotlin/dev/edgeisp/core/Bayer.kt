package dev.edgeisp.core

/** The four Bayer layouts, each named by its 2x2 block in reading order from the top left pixel. */
enum class Cfa {
    RGGB, GRBG, GBRG, BGGR;

    /** Where R, Gr, Gb, B sit in the block, in reading order; Gr is the green in red's row. */
    val positions: List<Int>
        get() {
            val red = name.indexOf('R')
            val blue = name.indexOf('B')
            return listOf(red, red xor 1, blue xor 1, blue)
        }

    /** Whether rows of an even-sized mosaic must be reversed to make it RGGB. */
    val flipsRows: Boolean get() = name.indexOf('R') >= 2

    /** Whether columns must be. */
    val flipsColumns: Boolean get() = name.indexOf('R') % 2 == 1

    /** Four values of a block in reading order, sorted to R, Gr, Gb, B. */
    fun <T> byPlane(block: List<T>): List<T> = positions.map(block::get)

    /** The layout seen from a top left pixel [rows] down and [columns] to the right. */
    fun shifted(rows: Int, columns: Int): Cfa {
        val turn = columns % 2 + rows % 2 * 2
        return valueOf(String(CharArray(4) { name[it xor turn] }))
    }
}
