package dev.edgeisp.core

import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue

class ShotStoreTest {
    private val folder = File.createTempFile("edgeisp", "").also { it.delete(); it.mkdirs() }
    private val camera = Shot.of(GoldenFiles.cases("camera").first()).copy(black = List(4) { 64.0 }, white = 1023.0)

    @AfterTest fun clean() {
        folder.deleteRecursively()
    }

    private fun memory(rowStride: Int = 12) = ByteBuffer.allocate(4 * rowStride).also { bytes ->
        for (i in 0 until bytes.limit() step 2) bytes.putShort(i, java.lang.Short.reverseBytes((100 + i).toShort()))
    }

    private fun capture(
        shot: Result<Shot> = Result.success(camera),
        rowStride: Int = 12,
        writeDng: (java.io.OutputStream) -> Unit = { it.write("a DNG".toByteArray()) },
    ) = Capture(SensorMemory(memory(rowStride), 4, 4, rowStride, 2), shot, byteArrayOf(1, 2), writeDng)

    private fun store(vararg free: Long) = ShotStore(free.mapIndexed { i, bytes -> Place(File(folder, "$i")) { bytes } })

    @Test fun shot_is_read_back_as_it_was_taken() {
        val store = store(1L shl 30)
        val kept = store.keep(capture(), 1700000000000)
        assertEquals(listOf(kept.name), store.all().map(Kept::name))
        assertEquals(1700000000000, kept.takenMs)
        assertEquals("a DNG", kept.dng!!.readText())
        assertContentEquals(byteArrayOf(1, 2), kept.phones!!.readBytes())
        val frame = kept.frame()
        assertEquals(camera.sensor, frame.sensor)
        assertBits(Frame(Mosaic.of(memory(), 4, 4, 12), camera.sensor).planes(), frame.planes(), "planes")
    }

    @Test fun what_was_decided_for_a_shot_is_read_back_and_a_damaged_note_of_it_is_none() {
        val kept = store(1L shl 30).keep(capture(), 1)
        assertEquals(emptyList(), kept.steps)
        val steps = listOf(Step("exposure", listOf(Setting("exposure", 1.2345f, "EV"))), Step("tone", emptyList()))
        kept.tell(steps)
        assertEquals(steps, store(1L shl 30).find(kept.name)!!.steps)
        assertEquals(listOf("1.23\u00a0EV", ""), kept.steps.map(Step::text))
        File(kept.folder, "steps.json").writeText("[{")
        assertEquals(emptyList(), kept.steps)
    }

    @Test fun shots_of_one_moment_are_both_kept_and_the_latest_is_first() {
        val store = store(1L shl 30)
        val names = listOf(store.keep(capture(), 5), store.keep(capture(), 5), store.keep(capture(), 7)).map(Kept::name)
        assertEquals(listOf("5", "5-1", "7"), names)
        assertEquals(names.reversed(), store.all().map(Kept::name))
    }

    @Test fun full_storage_passes_the_shot_to_the_next_place_or_says_what_is_needed() {
        assertEquals(File(folder, "1"), store(9, 1L shl 30).keep(capture(), 1).folder.parentFile)
        val failure = assertFailsWith<Failure.NoRoom> { store(9, 9).keep(capture(), 2) }
        assertTrue("1 MB" in failure.what, failure.what)
        assertEquals(1, store(9, 9).all().size)
    }

    @Test fun storage_that_fills_up_while_writing_leaves_no_half_of_a_shot() {
        val full = capture { it.write(1); throw IOException("No space left on device") }
        assertFailsWith<Failure.NoRoom> { store(1L shl 30).keep(full, 1) }
        assertTrue(File(folder, "0").listFiles().orEmpty().isEmpty())
    }

    @Test fun shot_whose_dng_cannot_be_written_is_kept_as_the_sensors_memory() {
        val kept = store(1L shl 30).keep(capture { throw IllegalArgumentException("no colour matrix") }, 1)
        assertNull(kept.dng)
        assertEquals(2, kept.frame().height)
    }

    @Test fun shot_that_cannot_be_rendered_is_kept_with_the_reason() {
        val store = store(1L shl 30)
        val quad = store.keep(capture(Result.success(camera.copy(arrangement = 5))), 1)
        assertTrue("arrangement 5" in assertFailsWith<Failure.UnexpectedSensor> { quad.frame() }.what)
        val silent = store.keep(capture(Result.failure(Failure.UnexpectedSensor("no colour matrix"))), 2)
        assertTrue("no colour matrix" in assertFailsWith<Failure.UnexpectedSensor> { silent.frame() }.what)
        val narrow = store.keep(capture(rowStride = 6), 3)
        assertTrue("rows of 6 bytes" in assertFailsWith<Failure.UnexpectedSensor> { narrow.frame() }.what)
        assertTrue(listOf(quad, silent, narrow).all { it.dng != null })
        File(narrow.folder, Kept.MEMORY).delete()
        File(quad.folder, Kept.CARD).writeText("{")
        for (kept in listOf(narrow, quad)) assertFailsWith<Failure> { kept.frame() }
    }

    @Test fun preview_is_the_mean_of_each_colour() {
        val bytes = ByteBuffer.allocate(8 * 20)
        for (y in 0..7) for (x in 0..7) {
            bytes.putShort(y * 20 + 2 * x, java.lang.Short.reverseBytes((x % 2 * 100 + y % 2 * 1000 + y / 4).toShort()))
        }
        val memory = SensorMemory(bytes, 8, 8, 20, 2)
        val small = memory.binned(2)
        val values = (0..3).flatMap { y -> (0..3).map { x -> small[y, x] } }
        assertEquals(listOf(0, 100, 0, 100, 1000, 1100, 1000, 1100, 1, 101, 1, 101, 1001, 1101, 1001, 1101), values)
        assertEquals(8, memory.binned(9).width)
        assertEquals(listOf(1, 2, 3), listOf(8, 7, 3).map(memory::factor))
        assertFailsWith<Failure.UnexpectedSensor> { SensorMemory(bytes, 8, 9, 20, 2).binned(2) }
    }
}
