package dev.edgeisp.core

import java.nio.ByteBuffer
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONObject

class SensorTest {
    private val sensor = Sensor(
        Cfa.RGGB, listOf(64.0, 64.0, 64.0, 64.0), 1023.0, listOf(2.0, 1.0, 1.5), listOf(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    )

    @Test fun memory_whose_last_row_ends_with_its_pixels_is_read() {
        val memory = ByteBuffer.allocate(3 * 12 + 8)
        for (i in 0 until memory.limit()) memory.put(i, i.toByte())
        val mosaic = Mosaic.of(memory, 4, 4, 12)
        assertEquals(0x2b2a, mosaic[3, 3])
        assertEquals(0x0100, mosaic[0, 0])
    }

    @Test fun memory_that_cannot_be_the_mosaic_is_refused() {
        assertFailsWith<Failure.UnexpectedSensor> { Mosaic.of(ByteBuffer.allocate(100), 4, 4, 6) }
        assertFailsWith<Failure.UnexpectedSensor> { Mosaic.of(ByteBuffer.allocate(31), 4, 4, 8) }
        assertFailsWith<Failure.UnexpectedSensor> { Mosaic.of(ByteBuffer.allocate(100), 4, 4, 8, pixelStride = 1) }
        assertFailsWith<Failure.UnexpectedSensor> { Mosaic.of(ByteBuffer.allocate(100), 1, 4, 8) }
    }

    @Test fun metadata_that_makes_no_sense_is_refused() {
        val changes = listOf<() -> Sensor>(
            { sensor.copy(whiteLevel = 64.0) },
            { sensor.copy(blackLevel = listOf(64.0)) },
            { sensor.copy(whiteBalance = listOf(0.0, 1.0, 1.0)) },
            { sensor.copy(whiteBalance = listOf(Double.NaN, 1.0, 1.0)) },
            { sensor.copy(colorMatrix = listOf(1.0)) },
            { sensor.copy(orientation = 0) },
        )
        for (change in changes) assertFailsWith<Failure.UnexpectedSensor> { change() }
        assertFailsWith<Failure.UnexpectedSensor> { Color.srgbFromCamera(List(9) { 1.0 }) }
    }

    @Test fun shots_are_what_python_reads_of_their_dng() {
        for (case in GoldenFiles.cases("camera")) {
            val sensor = shot(case).sensor
            val expected = case.getJSONObject("sensor")
            assertEquals(expected.getString("cfa"), sensor.cfa.name)
            assertEquals(expected.doubles("black_level"), sensor.blackLevel)
            assertEquals(expected.doubles("white_balance"), sensor.whiteBalance)
            for ((wanted, got) in expected.doubles("color_matrix").zip(sensor.colorMatrix)) assertEquals(wanted, got, 1e-11)
        }
    }

    @Test fun shots_are_turned_upright_however_the_phone_is_held() {
        val shot = shot(GoldenFiles.cases("camera").first())
        val back = listOf(0, 90, 180, 270).map { shot.copy(mounted = 90, held = it).orientation }
        val front = listOf(0, 90, 180, 270).map { shot.copy(mounted = 270, held = it, front = true).orientation }
        assertEquals(listOf(6, 3, 8, 1), back)
        assertEquals(listOf(8, 3, 6, 1), front)
    }

    @Test fun shots_of_sensors_that_are_not_bayer_or_that_say_too_little_are_refused() {
        val shot = shot(GoldenFiles.cases("camera").first())
        val changed = listOf(
            shot.copy(arrangement = 4), shot.copy(calibrations = emptyList()), shot.copy(black = listOf(64.0)),
            shot.copy(neutral = listOf(0.0, 1.0, 1.0)),
        )
        for (bad in changed) assertFailsWith<Failure.UnexpectedSensor> { bad.sensor }
    }

    private fun shot(case: JSONObject) = Shot.of(case)

    @Test fun shots_are_read_back_from_their_json() {
        for (case in GoldenFiles.cases("camera")) {
            val shot = shot(case).copy(mounted = 270, held = 90, front = true)
            assertEquals(shot, Shot.of(JSONObject(shot.toJson().toString())))
        }
    }

    @Test fun preview_counts_frames_over_the_budget_and_frames_let_go() {
        val meter = FrameMeter(budgetMs = 33.0, latest = 3)
        assertEquals(null, meter.medianMs)
        listOf(100.0, 10.0, 20.0, 40.0).forEach(meter::made)
        meter.skipped()
        assertEquals(5, meter.frames)
        assertEquals(3, meter.dropped)
        assertEquals(20.0, meter.medianMs)
        assertEquals(40.0, meter.p90Ms)
    }

    @Test fun rendering_stops_when_the_phone_is_critically_hot() {
        assertEquals(listOf(false, false, false, false, true, true, true), (0..6).map { Thermal.of(it).stopsRendering })
        assertEquals(listOf(false, false, false, true, true, true, true), (0..6).map { Thermal.of(it).stopsPreview })
        assertEquals(Thermal.NONE, Thermal.of(-1))
    }

    @Test fun viewfinder_is_whole_and_undistorted_however_the_screen_is_turned() {
        // 3:4 upright in a 300x600 view: 300x400 of it; turned: 300x225.
        assertEquals(Fit(1f, 400f / 600, 0f), previewFit(900, 1200, 300f, 600f, 0))
        assertEquals(Fit(225f / 300, 300f / 600, -90f), previewFit(900, 1200, 300f, 600f, 1))
        assertEquals(Fit(450f / 600, 1f, -270f), previewFit(900, 1200, 600f, 600f, 3))
    }
}
