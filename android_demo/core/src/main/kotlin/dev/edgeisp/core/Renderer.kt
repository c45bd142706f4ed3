package dev.edgeisp.core

/**
 * Whole frames through any engine: the context once, then tile after tile onto the canvas.
 *
 * As `edgeisp/render/renderer.py`, and to the bit: the golden files hold both to it.
 */
class Renderer(private val model: Model) {
    private val manifest = model.manifest
    private val halo: Int
    private val height = manifest.tile.first / 2
    private val width = manifest.tile.second / 2

    init {
        if (manifest.task != "isp") {
            throw Failure.Unusable("A ${manifest.task} network makes no picture of a RAW", "Put in one that renders, such as metaisp.")
        }
        val known = manifest.halo
            ?: throw Failure.Unusable("The manifest tells of no halo", "Export with an edgeisp that measures it.")
        halo = known / 2
        spans(height, height, halo, manifest.stride)
        spans(width, width, halo, manifest.stride)
        for ((name, entry) in manifest.functions) for (port in entry.inputs) {
            if (port.name !in if (name == "tile" || name == "context") KNOWN else OF_MODULES) {
                throw Failure.Unusable("The artifact asks for ${port.name}", "Take an app of the edgeisp that exported it.")
            }
        }
    }

    /** Tiles of a frame, row by row: rows and columns of each. */
    fun tiles(frame: Frame): List<Pair<Span, Span>> {
        val columns = spans(frame.width, width, halo, manifest.stride)
        return spans(frame.height, height, halo, manifest.stride).flatMap { row -> columns.map { row to it } }
    }

    /** What the network computes from the whole frame, by name. */
    fun context(frame: Frame): Map<String, FloatArray> {
        val entry = manifest.functions["context"] ?: return emptyMap()
        val seen = whole(frame, entry)
        val crop = entry.input("raw") ?: return model.run("context", seen).mapValues { finite(it.value) }
        val (cropHeight, cropWidth) = crop.shape.takeLast(2)
        val answers = cropStarts(frame.height, cropHeight).flatMap { top ->
            cropStarts(frame.width, cropWidth).map { left ->
                model.run("context", seen + ("raw" to frame.window(top, left, cropHeight, cropWidth)))
            }
        }
        return answers.first().mapValues { (name, first) ->
            FloatArray(first.size) { i ->
                var sum = first[i]
                for (answer in answers.drop(1)) sum += answer.getValue(name)[i]
                sum / answers.size
            }.also(::finite)
        }
    }

    /**
     * The upright picture of [frame], block by block, with what [context] gave for it or for it and the frames before.
     *
     * [onTile] is told how many tiles are done and how many there are; returning false ends it with [Failure.Cancelled].
     */
    fun render(
        frame: Frame, context: Map<String, FloatArray>, canvas: Canvas, onTile: (Int, Int) -> Boolean = { _, _ -> true },
    ) {
        val tiles = tiles(frame)
        if (!onTile(0, tiles.size)) throw Failure.Cancelled()
        val given = whole(frame, manifest.tiles) + context
        for ((index, tile) in tiles.withIndex()) {
            val (rows, columns) = tile
            val made = picture(given + ("raw" to frame.window(rows.read, columns.read, height, width)))
            val rgb = core(made, rows, columns)
            frame.placement.put(
                rgb, 2 * rows.start, 2 * columns.start, 2 * (rows.stop - rows.start), 2 * (columns.stop - columns.start), canvas,
            )
            if (!onTile(index + 1, tiles.size)) throw Failure.Cancelled()
        }
    }

    /** What `tile` makes, and modules with functions of their own after it. */
    private fun picture(given: Map<String, FloatArray>): FloatArray {
        val made = model.run("tile", given).getValue("rgb")
        if (manifest.packaging != "modules") return made
        val context = given.getValue("context")
        val picture = manifest.chain.fold(made) { before, stage ->
            val function = requireNotNull(stage.function)
            model.run(function, mapOf("picture" to before, "parameters" to stage.part(context))).getValue("rgb")
        }
        return FloatArray(picture.size) { picture[it].coerceIn(0f, 1f) }
    }

    /** What a function is told of the whole frame. */
    private fun whole(frame: Frame, entry: Entry): Map<String, FloatArray> {
        val seen = mutableMapOf<String, FloatArray>()
        if (entry.input("color") != null) seen["color"] = frame.color
        entry.input("thumbnail")?.let { seen["thumbnail"] = frame.thumbnail(it.shape[2], it.shape[3]) }
        return seen
    }

    /** The part of a tile that it writes. */
    private fun core(rgb: FloatArray, rows: Span, columns: Span): FloatArray {
        finite(rgb)
        val tall = 2 * (rows.stop - rows.start)
        val wide = 2 * (columns.stop - columns.start)
        val part = FloatArray(3 * tall * wide)
        for (plane in 0..2) for (y in 0 until tall) {
            val from = ((plane * 2 * height) + 2 * (rows.start - rows.read) + y) * 2 * width + 2 * (columns.start - columns.read)
            System.arraycopy(rgb, from, part, (plane * tall + y) * wide, wide)
        }
        return part
    }

    private fun finite(values: FloatArray): FloatArray {
        if (values.any { !it.isFinite() }) throw Failure.WrongNumbers(model.ranOn, "values that are not finite")
        return values
    }

    private companion object {
        val KNOWN = setOf("raw", "color", "context", "thumbnail")
        val OF_MODULES = setOf("picture", "parameters")
    }
}
