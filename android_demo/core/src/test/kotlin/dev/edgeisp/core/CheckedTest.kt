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
        override fun open(artifact: File, threads: Int): Program {
            assertEquals(name, note.readText())
            if (!opens) throw Failure.NotLoaded(name)
            val replay = Replay(golden, spoil)
            return object : Program by replay {
                override fun close() {
                    closed = true
                }
            }
        }
    }

    private fun open(vararg engines: Engine) = Checked.open(manifest, File("net.tflite"), golden, engines.toList(), Trial(note))

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

    @Test fun engine_that_took_the_process_down_is_passed_over_once() {
        note.writeText("GPU")
        assertEquals("CPU", open(Named("GPU", false), Named("CPU", true)).engine.name)
        assertEquals("GPU", open(Named("GPU", false), Named("CPU", true)).engine.name)
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
