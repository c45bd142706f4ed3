package dev.edgeisp.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONArray
import org.json.JSONObject

class GoldenTest {
    @Test fun layouts_are_pythons() {
        for (case in GoldenFiles.cases("bayer")) {
            val cfa = Cfa.valueOf(case.getString("cfa"))
            assertEquals(case.ints("positions"), cfa.positions)
            val flips = case.getJSONArray("flips")
            assertEquals(listOf(flips.getBoolean(0), flips.getBoolean(1)), listOf(cfa.flipsRows, cfa.flipsColumns))
            assertEquals(case.ints("planes"), cfa.byPlane(case.ints("block")))
            for ((steps, name) in case.getJSONObject("shifted").entries { it as String }) {
                val (rows, columns) = steps.split(",").map(String::toInt)
                assertEquals(name, cfa.shifted(rows, columns).name)
            }
        }
    }

    @Test fun planes_windows_and_thumbnails_are_pythons() {
        for (case in GoldenFiles.cases("packing")) {
            val frame = GoldenFiles.frame(case, case.getDouble("exposure"))
            val name = case.getString("cfa")
            assertEquals(case.ints("shape"), listOf(frame.height, frame.width))
            assertBits(GoldenFiles.floats(case.getString("planes")), frame.planes(), name)
            for (window in case.getJSONArray("windows").objects { it }) {
                val (top, left, height, width) = window.ints("window")
                val expected = GoldenFiles.floats(window.getString("canonical"))
                assertBits(expected, frame.window(top, left, height, width), "$name $window")
            }
            for (thumbnail in case.getJSONArray("thumbnails").objects { it }) {
                val (height, width) = thumbnail.ints("size")
                val expected = GoldenFiles.floats(thumbnail.getString("values"))
                assertBits(expected, frame.thumbnail(height, width), "$name $thumbnail")
            }
        }
    }

    @Test fun tile_plans_are_pythons() {
        val tiles = GoldenFiles.json("tiles") as JSONObject
        for (case in tiles.getJSONArray("spans").objects { it }) {
            val expected = case.getJSONArray("spans").let { all -> (0 until all.length()).map { all.getJSONArray(it).ints() } }
            val made = spans(case.getInt("length"), case.getInt("tile"), case.getInt("halo"), case.getInt("stride"))
            assertEquals(expected, made.map { listOf(it.read, it.start, it.stop) })
        }
        for (case in tiles.getJSONArray("refused").objects { it }) assertFailsWith<Failure.Unusable>("$case") {
            spans(100, case.getInt("tile"), case.getInt("halo"), case.getInt("stride"))
        }
        for (case in tiles.getJSONArray("mirrored").objects { it }) {
            val made = mirrored(case.getInt("start"), case.getInt("count"), case.getInt("length"))
            assertEquals(case.ints("indices"), made.toList())
        }
        for (case in tiles.getJSONArray("crops").objects { it }) {
            assertEquals(case.ints("starts"), cropStarts(case.getInt("length"), case.getInt("crop")), "$case")
        }
    }

    @Test fun colour_is_pythons() {
        for (case in GoldenFiles.cases("color")) {
            if (case.has("white_balance")) {
                assertBits(case.singles("plane_gains"), Color.planeGains(case.doubles("white_balance")), "$case")
            } else {
                assertBits(case.singles("color"), Color.srgbFromCamera(case.doubles("color_matrix")), "$case")
            }
        }
    }

    @Test fun eight_bits_are_pythons() {
        val case = (GoldenFiles.json("picture") as JSONObject).getJSONObject("quantized")
        val (height, width) = case.ints("size")
        val (top, left) = case.getInt("top") to case.getInt("left")
        val noise = FloatArray(height * width) { dither(top + it / width, left + it % width) }
        assertBits(GoldenFiles.floats(case.getString("dither")), noise, "dither")
        val rgb = GoldenFiles.floats(case.getString("rgb"))
        val codes = ByteArray(3 * height * width) { code(rgb[it % 3 * height * width + it / 3], noise[it / 3]).toByte() }
        assertContentEquals(GoldenFiles.file(case.getString("codes")).readBytes(), codes)
    }

    @Test fun orientations_are_pythons() {
        val case = (GoldenFiles.json("picture") as JSONObject).getJSONObject("upright")
        val (height, width) = case.ints("size")
        val pixels = case.ints("pixels")
        for (turned in case.getJSONArray("turned").objects { it }) {
            val placement = Placement(height, width, false, false, height, width, turned.getInt("orientation"))
            assertEquals(turned.ints("size"), listOf(placement.height, placement.width))
            val planar = FloatArray(3 * height * width) { i ->
                pixels[i % (height * width) * 3 + i / (height * width)] / 255f
            }
            val canvas = Bytes(placement.height, placement.width)
            placement.put(planar, 0, 0, height, width, canvas)
            canvas.assertWhole()
            val nearest = turned.ints("pixels")
            for (i in nearest.indices) assertEquals(nearest[i].toDouble(), canvas.pixels[i].toDouble(), 1.0, "$turned")
        }
    }

    @Test fun what_a_context_means_is_pythons() {
        for (case in (GoldenFiles.json("chain") as JSONObject).getJSONArray("decided").objects { it }) {
            val context = case.singles("context")
            val steps = case.getJSONArray("chain").objects(Stage::of).map { it.step(context) }
            val expected = case.getJSONArray("steps").objects { it }
            assertEquals(expected.map { it.getString("module") }, steps.map { it.module })
            for ((told, step) in expected.zip(steps)) {
                val (names, units) = listOf("names", "units").map { told.getJSONArray(it).let { all -> List(all.length(), all::getString) } }
                assertEquals(names, step.settings.map { it.name })
                assertEquals(units, step.settings.map { it.unit })
                assertBits(told.singles("values"), step.settings.map { it.value }.toFloatArray(), step.module)
            }
        }
    }

    @Test fun contexts_follow_each_other_as_pythons() {
        val case = (GoldenFiles.json("chain") as JSONObject).getJSONObject("smoothed")
        val smoothing = Smoothing(case.getInt("frames"))
        val steady = case.getJSONArray("steady")
        val contexts = case.getJSONArray("contexts")
        for (i in 0 until contexts.length()) {
            val made = smoothing.next(mapOf("context" to contexts.getJSONArray(i).singles())).getValue("context")
            assertBits(steady.getJSONArray(i).singles(), made, "frame $i")
        }
    }

    @Test fun statistics_are_pythons() {
        val all = GoldenFiles.json("statistics") as JSONObject
        for (case in all.getJSONArray("latency").objects { it }) {
            assertEquals(case.getDouble("median_ms"), median(case.doubles("samples_ms")))
            assertEquals(case.getDouble("p90_ms"), quantile(case.doubles("samples_ms"), 0.9))
        }
        for (case in all.getJSONArray("psnr").objects { it }) {
            val found = psnr(listOf(case.singles("expected") to case.singles("got")))
            assertEquals(case.getDouble("psnr_db"), found, 1e-9)
        }
        assertEquals(Double.NEGATIVE_INFINITY, psnr(listOf(floatArrayOf(0f) to floatArrayOf(Float.NaN))))
    }

    @Test fun exported_manifests_are_read() {
        val cases = (GoldenFiles.json("manifests") as JSONObject).getJSONArray("accepted").objects { it }
        assertEquals(true, cases.size >= 6)
        for (case in cases) {
            val read = Manifest.parse(GoldenFiles.file(case.getString("manifest")).readText())
            assertEquals(
                listOf("model", "target", "precision", "task", "packaging", "status").map(case::getString),
                listOf(read.model, read.target, read.precision, read.task, read.packaging, read.status),
            )
            assertEquals(case.ints("tile"), listOf(read.tile.first, read.tile.second))
            assertEquals(case.getInt("stride"), read.stride)
            assertEquals(if (case.isNull("halo")) null else case.getInt("halo"), read.halo)
            assertEquals(case.getJSONArray("chain").let { a -> List(a.length(), a::getString) }, read.chain.map { it.module })
            assertEquals(case.getJSONObject("files").entries { it as String }, read.files)
            val functions = case.getJSONObject("functions").entries { it as JSONObject }
            assertEquals(functions.keys, read.functions.keys)
            for ((name, function) in functions) {
                val entry = read.functions.getValue(name)
                assertEquals(function.getString("file"), entry.file)
                assertEquals(ports(function.getJSONArray("inputs")), entry.inputs)
                assertEquals(ports(function.getJSONArray("outputs")), entry.outputs)
            }
        }
    }

    @Test fun bad_manifests_are_refused_for_the_reason_that_is_told() {
        for (case in (GoldenFiles.json("manifests") as JSONObject).getJSONArray("refused").objects { it }) {
            val failure = assertFailsWith<Failure>("$case") { Manifest.read(GoldenFiles.file(case.getString("manifest"))) }
            val expected = when (case.getString("why")) {
                "version" -> Failure.NewerManifest::class
                "file", "hash" -> Failure.WrongFile::class
                else -> Failure.BadManifest::class
            }
            assertEquals(expected, failure::class, "$case: ${failure.message}")
        }
    }

    private fun ports(all: JSONArray): List<Port> =
        (0 until all.length()).map { all.getJSONArray(it) }.map { Port(it.getString(0), it.getJSONArray(1).ints()) }
}
