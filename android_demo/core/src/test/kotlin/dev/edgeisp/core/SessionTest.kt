package dev.edgeisp.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue

class SessionTest {
    private val ready = Session(Phase.READY, canRender = true)
    private val full = Failure.NoRoom(5_000_000)

    /** The state after all [events], and everything that was to be done. */
    private fun Session.all(vararg events: Event): Pair<Session, List<Effect>> {
        val effects = mutableListOf<Effect>()
        return events.fold(this) { state, event -> state.after(event).let { (next, done) -> effects.addAll(done); next } } to effects
    }

    @Test fun shot_is_taken_kept_rendered_and_compared() {
        val (end, effects) = Session().all(
            Event.Opening, Event.Opened(true, null), Event.Shutter, Event.Captured, Event.Written("7"),
            Event.Tile(1, 4), Event.Rendered("7"),
        )
        assertEquals(listOf(Effect.OPEN, Effect.CAPTURE, Effect.KEEP, Effect.RELEASE, Effect.RENDER, Effect.COMPARE), effects)
        assertEquals(ready.copy(shot = "7", done = 1, of = 4), end)
    }

    @Test fun shot_in_memory_is_let_go_of_only_when_it_is_written_or_given_up() {
        val (waiting, before) = ready.all(
            Event.Shutter, Event.Captured, Event.Unwritten(full), Event.Understood, Event.Shutter, Event.Live, Event.Away, Event.Opening,
            Event.Heat(Thermal.CRITICAL), Event.Render("5"), Event.Cancel,
        )
        assertEquals(Phase.UNKEPT, waiting.phase)
        assertEquals(full, waiting.failure)
        assertFalse(Effect.RELEASE in before)
        assertFalse(waiting.canShoot)
        val (again, retried) = waiting.all(Event.Retry, Event.Unwritten(full), Event.Retry, Event.Written("7"))
        assertEquals(listOf(Effect.KEEP, Effect.KEEP, Effect.RELEASE), retried)
        assertIs<Failure.TooHot>(again.failure)
        assertEquals(listOf(Effect.RELEASE), waiting.after(Event.Discard).second)
    }

    @Test fun shot_is_kept_without_a_model_and_when_it_is_too_hot_to_render() {
        val (bare, effects) = Session(Phase.READY).all(Event.Shutter, Event.Captured, Event.Written("7"))
        assertEquals(listOf(Effect.CAPTURE, Effect.KEEP, Effect.RELEASE), effects)
        assertIs<Failure.Unusable>(bare.failure)
        val (hot, _) = ready.all(Event.Heat(Thermal.CRITICAL), Event.Shutter, Event.Captured, Event.Written("7"))
        assertIs<Failure.TooHot>(hot.failure)
        assertEquals(Phase.READY, hot.phase)
    }

    @Test fun preview_ends_by_shutter_heat_leaving_and_another_engine() {
        val live = ready.all(Event.Live).first
        assertEquals(Phase.LIVE, live.phase)
        assertEquals(listOf(Effect.STOP_LIVE, Effect.CAPTURE), live.after(Event.Shutter).second)
        assertEquals(listOf(Effect.STOP_LIVE, Effect.OPEN), live.after(Event.Opening).second)
        assertEquals(listOf(Effect.STOP_LIVE, Effect.RENDER), live.after(Event.Render("5")).second)
        for (event in listOf(Event.Live, Event.Away, Event.Heat(Thermal.SEVERE))) {
            val (next, effects) = live.after(event)
            assertEquals(listOf(Effect.STOP_LIVE), effects)
            assertEquals(Phase.READY, next.phase)
        }
        val (hot, none) = ready.all(Event.Heat(Thermal.SEVERE), Event.Live)
        assertEquals(emptyList(), none)
        assertIs<Failure.TooHot>(hot.failure)
        assertFalse(hot.canPreview)
        assertEquals(Phase.READY, Session(Phase.READY).after(Event.Live).first.phase)
    }

    @Test fun failures_are_told_and_the_camera_is_ready_again() {
        val missed = ready.all(Event.Shutter, Event.Missed(Failure.NoCamera("it is gone"))).first
        assertEquals(Phase.READY, missed.phase)
        assertIs<Failure.NoCamera>(missed.failure)
        assertNull(missed.after(Event.Understood).first.failure)
        val rendering = ready.all(Event.Render("7")).first
        assertEquals(listOf(Effect.STOP), rendering.after(Event.Cancel).second)
        assertNull(rendering.after(Event.Failed(Failure.Cancelled())).first.failure)
        assertIs<Failure.NoMemory>(rendering.after(Event.Failed(Failure.NoMemory())).first.failure)
        val closed = Session().all(Event.Opened(false, Failure.NewerManifest(2))).first
        assertTrue(closed.canShoot)
        assertFalse(closed.canPreview)
    }

    @Test fun what_does_not_fit_the_phase_changes_nothing() {
        val capturing = ready.all(Event.Shutter).first
        val late = listOf(
            Event.Shutter, Event.Live, Event.Opening, Event.Opened(false, null), Event.Written("1"), Event.Unwritten(full), Event.Retry,
            Event.Discard, Event.Render("1"), Event.Tile(1, 2), Event.Rendered("1"), Event.Failed(full), Event.Cancel, Event.Away,
        )
        for (event in late) assertEquals(capturing to emptyList(), capturing.after(event), "$event")
        for (event in listOf(Event.Captured, Event.Missed(full))) assertEquals(ready to emptyList(), ready.after(event))
    }

    @Test fun rendering_is_stopped_between_tiles_by_heat_and_by_people() {
        val told = mutableListOf<Int>()
        var thermal = Thermal.SEVERE
        val goOn = watched({ thermal }, { told.size > 1 }) { done, _ -> told.add(done) }
        assertTrue(goOn(0, 3))
        assertFalse(goOn(1, 3))
        thermal = Thermal.CRITICAL
        assertFailsWith<Failure.TooHot> { goOn(2, 3) }
        assertFalse(goOn(3, 3)) // a finished picture is not thrown away for heat
        assertEquals(listOf(0, 1, 3), told)
    }
}
