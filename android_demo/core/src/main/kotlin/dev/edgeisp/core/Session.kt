package dev.edgeisp.core

/** Where the camera screen stands. */
enum class Phase { OPENING, READY, LIVE, CAPTURING, KEEPING, UNKEPT, RENDERING }

/** What happens to the camera screen. */
sealed class Event {
    /** The engine is being opened, or another one was chosen. */
    object Opening : Event()

    /** The engine was opened and passed, or none did. */
    class Opened(val canRender: Boolean, val failure: Failure?) : Event()
    object Shutter : Event()
    object Live : Event()

    /** The camera gave the shot; it is in memory. */
    object Captured : Event()

    /** The camera gave nothing. */
    class Missed(val failure: Failure) : Event()
    class Written(val name: String) : Event()
    class Unwritten(val failure: Failure) : Event()

    /** Write a shot that did not fit, again; or give it up. */
    object Retry : Event()
    object Discard : Event()

    /** Render a shot that is kept. */
    class Render(val name: String) : Event()
    class Tile(val done: Int, val of: Int) : Event()
    class Rendered(val name: String) : Event()
    class Failed(val failure: Failure) : Event()
    object Cancel : Event()
    class Heat(val thermal: Thermal) : Event()

    /** The screen is left, or memory is short. */
    object Away : Event()
    object Understood : Event()
}

/** What is to be done. */
enum class Effect { OPEN, START_LIVE, STOP_LIVE, CAPTURE, KEEP, RELEASE, RENDER, STOP, COMPARE }

/**
 * The camera screen as a value: what it shows, and by [after] what follows from what happens. Nothing in here waits, so that every
 * path is tested; above all that a shot in memory is only let go of when it is on disk, or when its owner gives it up.
 */
data class Session(
    val phase: Phase = Phase.OPENING,
    val canRender: Boolean = false,
    val thermal: Thermal = Thermal.NONE,
    /** The shot that is rendered, or was last. */
    val shot: String? = null,
    val done: Int = 0,
    val of: Int = 0,
    /** What to tell, until it was understood. */
    val failure: Failure? = null,
) {
    val canShoot: Boolean get() = phase == Phase.READY || phase == Phase.LIVE
    val canPreview: Boolean get() = phase == Phase.LIVE || (phase == Phase.READY && canRender && !thermal.stopsPreview)

    /** What comes of [event]: the next state, and what to do, in this order. What does not fit the phase changes nothing. */
    fun after(event: Event): Pair<Session, List<Effect>> = when (event) {
        is Event.Opening -> when (phase) {
            Phase.READY, Phase.OPENING -> copy(phase = Phase.OPENING, canRender = false) to listOf(Effect.OPEN)
            Phase.LIVE -> copy(phase = Phase.OPENING, canRender = false) to listOf(Effect.STOP_LIVE, Effect.OPEN)
            else -> this to emptyList()
        }
        is Event.Opened -> from(Phase.OPENING) {
            copy(phase = Phase.READY, canRender = event.canRender, failure = event.failure ?: failure) to emptyList()
        }
        is Event.Shutter -> when (phase) {
            Phase.READY -> copy(phase = Phase.CAPTURING) to listOf(Effect.CAPTURE)
            Phase.LIVE -> copy(phase = Phase.CAPTURING) to listOf(Effect.STOP_LIVE, Effect.CAPTURE)
            else -> this to emptyList()
        }
        is Event.Live -> when {
            phase == Phase.LIVE -> copy(phase = Phase.READY) to listOf(Effect.STOP_LIVE)
            phase == Phase.READY && canRender && thermal.stopsPreview -> copy(failure = Failure.TooHot()) to emptyList()
            phase == Phase.READY && canRender -> copy(phase = Phase.LIVE) to listOf(Effect.START_LIVE)
            else -> this to emptyList()
        }
        is Event.Captured -> from(Phase.CAPTURING) { copy(phase = Phase.KEEPING) to listOf(Effect.KEEP) }
        is Event.Missed -> from(Phase.CAPTURING) { copy(phase = Phase.READY, failure = event.failure) to listOf(Effect.RELEASE) }
        is Event.Written -> from(Phase.KEEPING) {
            val (next, effects) = rendering(event.name)
            next to listOf(Effect.RELEASE) + effects
        }
        is Event.Unwritten -> from(Phase.KEEPING) { copy(phase = Phase.UNKEPT, failure = event.failure) to emptyList() }
        is Event.Retry -> from(Phase.UNKEPT) { copy(phase = Phase.KEEPING, failure = null) to listOf(Effect.KEEP) }
        is Event.Discard -> from(Phase.UNKEPT) { copy(phase = Phase.READY, failure = null) to listOf(Effect.RELEASE) }
        is Event.Render -> when (phase) {
            Phase.READY -> rendering(event.name)
            Phase.LIVE -> rendering(event.name).let { (next, effects) -> next to listOf(Effect.STOP_LIVE) + effects }
            else -> this to emptyList()
        }
        is Event.Tile -> from(Phase.RENDERING) { copy(done = event.done, of = event.of) to emptyList() }
        is Event.Rendered -> from(Phase.RENDERING) { copy(phase = Phase.READY, shot = event.name) to listOf(Effect.COMPARE) }
        is Event.Failed -> from(Phase.RENDERING) {
            copy(phase = Phase.READY, failure = event.failure.takeIf { it !is Failure.Cancelled }) to emptyList()
        }
        is Event.Cancel -> from(Phase.RENDERING) { this to listOf(Effect.STOP) }
        is Event.Heat -> {
            val next = copy(thermal = event.thermal)
            when {
                event.thermal.stopsPreview && phase == Phase.LIVE ->
                    next.copy(phase = Phase.READY, failure = Failure.TooHot()) to listOf(Effect.STOP_LIVE)
                else -> next to emptyList()
            }
        }
        is Event.Away -> if (phase == Phase.LIVE) copy(phase = Phase.READY) to listOf(Effect.STOP_LIVE) else this to emptyList()
        // Until a shot that is in memory alone is written or given up, that stays the message.
        is Event.Understood -> if (phase == Phase.UNKEPT) this to emptyList() else copy(failure = null) to emptyList()
    }

    private fun rendering(name: String): Pair<Session, List<Effect>> {
        val kept = copy(phase = Phase.READY, shot = name)
        return when {
            !canRender -> kept.copy(failure = NO_MODEL) to emptyList()
            thermal.stopsRendering -> kept.copy(failure = Failure.TooHot()) to emptyList()
            else -> copy(phase = Phase.RENDERING, shot = name, done = 0, of = 0) to listOf(Effect.RENDER)
        }
    }

    private inline fun from(wanted: Phase, then: () -> Pair<Session, List<Effect>>): Pair<Session, List<Effect>> =
        if (phase == wanted) then() else this to emptyList()

    private companion object {
        val NO_MODEL = Failure.Unusable("No model is open", "The RAW is kept and can be rendered later.")
    }
}

/** What the renderer asks between two tiles: ends it with [Failure.TooHot] or, by returning false, [Failure.Cancelled]. */
fun watched(thermal: () -> Thermal, isCancelled: () -> Boolean, progress: (Int, Int) -> Unit): (Int, Int) -> Boolean = { done, of ->
    if (done < of && thermal().stopsRendering) throw Failure.TooHot()
    progress(done, of)
    !isCancelled()
}
