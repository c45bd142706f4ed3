package dev.edgeisp.core

import kotlin.math.ceil
import kotlin.math.log10
import kotlin.math.max

/** The mean of the middle two, or the middle one. */
fun median(samples: List<Double>): Double {
    val sorted = samples.sorted()
    return (sorted[(sorted.size - 1) / 2] + sorted[sorted.size / 2]) / 2
}

/** The smallest sample that at least [share] of all samples do not exceed; no values are made up in between. */
fun quantile(samples: List<Double>, share: Double): Double =
    samples.sorted()[max(0, ceil(samples.size * share - 1e-9).toInt() - 1)]

/** How alike two series are, in dB of peak 1; 200 where nothing differs, and NaN counts as infinitely wrong. */
fun psnr(pairs: List<Pair<FloatArray, FloatArray>>): Double {
    var sum = 0.0
    var count = 0
    for ((expected, got) in pairs) {
        require(expected.size == got.size) { "${got.size} values, not ${expected.size}" }
        for (i in expected.indices) {
            val difference = got[i].toDouble() - expected[i]
            sum += difference * difference
        }
        count += expected.size
    }
    return when {
        sum.isNaN() -> Double.NEGATIVE_INFINITY
        sum == 0.0 -> 200.0
        else -> -10 * log10(sum / count)
    }
}

/** Times of the latest frames of a preview, against a budget. Not for several threads at once. */
class FrameMeter(private val budgetMs: Double, private val latest: Int = 120) {
    private val times = ArrayDeque<Double>()

    /** Frames that took longer than the budget, or that came while another was being made. */
    var dropped = 0
        private set
    var frames = 0
        private set

    /** A frame was made in [ms]. */
    fun made(ms: Double) {
        frames++
        if (ms > budgetMs) dropped++
        times.addLast(ms)
        if (times.size > latest) times.removeFirst()
    }

    /** A frame came while another was being made, and was let go. */
    fun skipped() {
        frames++
        dropped++
    }

    /** Null before the first frame. */
    val medianMs: Double? get() = if (times.isEmpty()) null else median(times)
    val p90Ms: Double? get() = if (times.isEmpty()) null else quantile(times, 0.9)
}

/** How hot the phone is, by the codes of Android's PowerManager, which iOS's four states map into. */
enum class Thermal(val code: Int) {
    NONE(0), LIGHT(1), MODERATE(2), SEVERE(3), CRITICAL(4), EMERGENCY(5), SHUTDOWN(6);

    /** The preview stops. */
    val stopsPreview: Boolean get() = this >= SEVERE

    /** Rendering stops as well; the RAW is kept. */
    val stopsRendering: Boolean get() = this >= CRITICAL

    companion object {
        fun of(code: Int): Thermal = entries.lastOrNull { it.code <= code } ?: NONE
    }
}
