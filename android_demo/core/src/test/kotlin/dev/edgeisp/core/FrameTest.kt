package dev.edgeisp.core

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** Answers with what Python's engine answered, once each call's inputs are what Python's renderer gave. */
class Replay(private val golden: Golden, private val spoil: Float = 0f) : Program {
    private val calls = mutableMapOf<String, Int>()
    override val ranOn = "replay"

    override fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray> {
        val recorded = golden.functions.getValue(function)
        val index = calls.merge(function, 1, Int::plus)!! - 1
        for (input in inputs) assertBits(recorded.inputs[index].getValue(input.name), input.values, "$function $index ${input.name}")
        return outputs.map { name ->
            val values = recorded.outputs[index].getValue(name)
            FloatArray(values.size) { values[it] + spoil }
        }
    }

    fun assertAllCalled() = assertEquals(golden.functions.mapValues { it.value.inputs.size }, calls.toMap())

    override fun close() = Unit
}

class FrameTest {
    private fun opened(name: String): Pair<Manifest, Golden> {
        val manifest = Manifest.read(GoldenFiles.file(name))
        return manifest to Golden.read(File(GoldenFiles.file(name).parentFile, "golden.json"), manifest)
    }

    @Test fun whole_frames_are_pythons_to_the_byte() {
        for (case in GoldenFiles.cases("frames")) {
            val (manifest, golden) = opened(case.getString("manifest"))
            val program = Replay(golden)
            val frame = GoldenFiles.frame(case)
            assertEquals(case.ints("size"), listOf(frame.placement.height, frame.placement.width))
            val canvas = Bytes(frame.placement.height, frame.placement.width)
            val told = mutableListOf<Pair<Int, Int>>()
            val renderer = Renderer(Model(manifest, program))
            renderer.render(frame, renderer.context(frame), canvas) { done, all -> told.add(done to all) }
            program.assertAllCalled()
            canvas.assertWhole()
            assertContentEquals(GoldenFiles.file(case.getString("picture")).readBytes(), canvas.pixels, case.getString("name"))
            val tiles = golden.functions.getValue("tile").inputs.size
            assertEquals((0..tiles).map { it to tiles }, told)
        }
    }

    @Test fun rendering_stops_when_it_is_told_to() {
        val case = GoldenFiles.cases("frames").first()
        val (manifest, golden) = opened(case.getString("manifest"))
        val (frame, renderer) = GoldenFiles.frame(case) to Renderer(Model(manifest, Replay(golden)))
        var tiles = 0
        assertFailsWith<Failure.Cancelled> {
            renderer.render(frame, renderer.context(frame), { _, _, _, _, _ -> tiles++ }) { done, _ -> done < 2 }
        }
        assertEquals(2, tiles)
    }

    @Test fun self_test_passes_an_engine_that_agrees_and_refuses_one_that_does_not() {
        for (case in GoldenFiles.cases("frames")) {
            val (manifest, golden) = opened(case.getString("manifest"))
            val found = golden.check(Model(manifest, Replay(golden)))
            assertEquals(golden.functions.mapValues { 200.0 }, found)
            val failure = assertFailsWith<Failure.WrongNumbers> { golden.check(Model(manifest, Replay(golden, 0.01f))) }
            assertTrue("40.0 dB" in failure.what, failure.what)
            assertFailsWith<Failure.WrongNumbers> { golden.check(Model(manifest, Replay(golden, Float.NaN))) }
        }
    }

    @Test fun renderer_refuses_values_that_are_not_finite() {
        for (case in GoldenFiles.cases("frames")) {
            val (manifest, golden) = opened(case.getString("manifest"))
            val (frame, renderer) = GoldenFiles.frame(case) to Renderer(Model(manifest, Replay(golden, Float.NaN)))
            assertFailsWith<Failure.WrongNumbers>(case.getString("name")) {
                renderer.context(frame)
                renderer.render(frame, emptyMap(), { _, _, _, _, _ -> })
            }
        }
    }

    @Test fun renderer_refuses_what_makes_no_picture_or_has_no_halo() {
        val (manifest, golden) = opened(GoldenFiles.cases("frames").first().getString("manifest"))
        for (changed in listOf(manifest.copy(task = "raw-to-raw"), manifest.copy(halo = null), manifest.copy(halo = 16))) {
            assertFailsWith<Failure.Unusable> { Renderer(Model(changed, Replay(golden))) }
        }
    }
}
