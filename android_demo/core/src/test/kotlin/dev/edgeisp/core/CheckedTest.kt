package dev.edgeisp.core

import java.io.File
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue

class CheckedTest {
    private val manifest = Manifest.read(GoldenFiles.file(GoldenFiles.cases("frames").first().getString("manifest")))
    private val golden = Golden.read(File(GoldenFiles.file("frames/crops"), "golden.json"), manifest)
    private val folder = File.createTempFile("edgeisp", "").also { it.delete(); it.mkdirs() }
    private val note = File(folder, "trial")

    @AfterTest fun clean() {
        folder.deleteRecursively()
    }

    private inner class Named(
        override val name: String, override val isCpu: Boolean, val spoil: Float = 0f, val opens: Boolean = true,
    ) : Engine {
        override val suffix = ".tflite"
        var closed = false
        var noted: String? = null
        override fun open(artifact: File, threads: Int): Program {
            noted = note.takeIf(File::isFile)?.readText()
            if (!opens) throw Failure.NotLoaded(name)
            val replay = Replay(golden, spoil)
            return object : Program by replay {
                override fun close() {
                    closed = true
                }
            }
        }
    }

    private fun open(vararg engines: Engine, trial: Trial = Trial(note)) =
        Checked.open(manifest, File("net.tflite"), golden, engines.toList(), trial)

    @Test fun engine_that_computes_something_else_is_passed_over_for_the_cpu() {
        val (gpu, cpu) = Named("GPU", false, 0.1f) to Named("CPU", true)
        val checked = open(Named("NPU", false, opens = false), gpu, cpu)
        assertEquals("CPU", checked.engine.name)
        assertEquals(listOf("NPU", "GPU"), checked.passedOver.map { it.what.substringBefore(' ').replace("replay", "GPU") })
        assertIs<Failure.NotLoaded>(checked.passedOver[0])
        assertIs<Failure.WrongNumbers>(checked.passedOver[1])
        assertTrue(gpu.closed && !cpu.closed)
        assertTrue(checked.psnrDb.values.all { it == 200.0 })
        assertTrue(!note.exists())
    }

    @Test fun last_failure_is_told_when_no_engine_passes() {
        assertFailsWith<Failure.WrongNumbers> { open(Named("GPU", false, opens = false), Named("CPU", true, Float.NaN)) }
        assertFailsWith<Failure.Unusable> { open() }
    }

    @Test fun engine_is_noted_while_it_is_tried_unless_it_is_the_last() {
        val (npu, gpu, cpu) = Triple(Named("NPU", false, opens = false), Named("GPU", false, opens = false), Named("CPU", true))
        open(npu, gpu, cpu)
        assertEquals(listOf("NPU", "GPU", null), listOf(npu, gpu, cpu).map { it.noted })
    }

    @Test fun engine_that_took_the_process_down_is_passed_over_until_it_is_forgotten() {
        note.writeText("GPU")
        repeat(3) {
            val checked = open(Named("NPU", false, opens = false), Named("GPU", false), Named("CPU", true))
            assertEquals("CPU", checked.engine.name)
            assertTrue("the app ended" in checked.passedOver[1].what)
        }
        Trial(note).forget()
        assertEquals("GPU", open(Named("GPU", false), Named("CPU", true)).engine.name)
    }

    @Test fun last_engine_is_tried_even_if_the_process_ended_in_it() {
        note.writeText("CPU")
        assertEquals("CPU", open(Named("CPU", true)).engine.name)
        assertEquals("CPU", open(Named("GPU", false, opens = false), Named("CPU", true)).engine.name)
    }

    @Test fun engines_are_tried_when_no_note_can_be_written() {
        val file = File(folder, "file").also { it.writeText("") }
        val gpu = Named("GPU", false)
        assertEquals("GPU", open(gpu, Named("CPU", true), trial = Trial(File(file, "trial"))).engine.name)
        assertEquals("", file.readText())
    }

    @Test fun chosen_engine_is_tried_before_the_cpu_and_nothing_else_is() {
        val engines = listOf(Named("NPU", false), Named("GPU", false), Named("CPU", true))
        fun names(chosen: String?) = Checked.order(engines, chosen).map(Engine::name)
        assertEquals(listOf("GPU", "CPU"), names("GPU"))
        assertEquals(listOf("CPU"), names("CPU"))
        assertEquals(listOf("CPU"), names(null))
        assertEquals(listOf("CPU"), names("gone"))
    }
}
