package dev.edgeisp.core

import java.math.BigDecimal
import java.math.MathContext
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** A number that the context sets: [low] where the context is 0, [high] where it is 1, linear between. */
data class Parameter(val name: String, val low: Double, val high: Double, val unit: String)

/** A module of POS-ISP's chain; its parameters lie side by side in the context, from [first] on. */
data class Stage(
    val module: String,
    val first: Int,
    val parameters: List<Parameter>,
    val halo: Int,
    /** The function that runs it after `tile`; null where it is inside `tile`. */
    val function: String?,
) {
    /** Its part of a [context]. */
    fun part(context: FloatArray): FloatArray = context.copyOfRange(first, first + parameters.size)

    /** What the module does with a [context]; null where that stays inside the artifact. */
    fun step(context: FloatArray?) = Step(
        module,
        if (context == null) emptyList() else part(context).zip(parameters) { raw, it ->
            Setting(it.name, it.low.toFloat() + (it.high - it.low).toFloat() * raw, it.unit)
        },
    )

    companion object {
        fun of(json: JSONObject): Stage {
            json.known(setOf("module", "first", "parameters", "halo", "function"))
            val first = json.getInt("first")
            if (first < 0) throw JSONException("first is $first")
            return Stage(
                json.getString("module"), first, json.getJSONArray("parameters").objects(::parameter), json.getInt("halo"),
                if (json.isNull("function")) null else json.getString("function"),
            )
        }

        private fun parameter(json: JSONObject): Parameter {
            json.known(setOf("name", "low", "high", "unit"))
            return Parameter(json.getString("name"), json.getDouble("low"), json.getDouble("high"), json.optString("unit"))
        }
    }
}

/** A parameter as a frame has it, in physical units. */
data class Setting(val name: String, val value: Float, val unit: String)

/** What a module does to a frame: the settings are those of its parameters, or none where they stay inside the artifact. */
data class Step(val module: String, val settings: List<Setting>) {
    /** The settings for people, three digits each: `deviation 0.00723, strength 0.5`. Lines break between settings only. */
    val text: String
        get() = settings.joinToString { setting ->
            val number = BigDecimal(setting.value.toDouble()).round(MathContext(DIGITS)).stripTrailingZeros().toPlainString()
            listOf(setting.name.takeIf { it != module }.orEmpty(), number, setting.unit).filter(String::isNotEmpty).joinToString(" ").replace(' ', '\u00a0')
        }

    fun toJson(): JSONObject = JSONObject().put("module", module).put(
        "settings",
        JSONArray(settings.map { JSONObject().put("name", it.name).put("value", it.value.toDouble()).put("unit", it.unit) }),
    )

    companion object {
        private const val DIGITS = 3

        /** What [toJson] wrote. */
        fun of(json: JSONObject) = Step(
            json.getString("module"),
            json.getJSONArray("settings").objects { Setting(it.getString("name"), it.getDouble("value").toFloat(), it.getString("unit")) },
        )
    }
}

/**
 * Contexts as running means, so that the noise of single frames of a preview does not move the whole picture; as
 * `edgeisp/render/sequence.py`, to the bit. Until [frames] have been seen the mean is that of all so far. Not for several
 * threads at once.
 */
class Smoothing(private val frames: Int = 8) {
    private var before: Map<String, FloatArray> = emptyMap()
    private var seen = 0

    /** The context to render with, given that of the next frame. */
    fun next(context: Map<String, FloatArray>): Map<String, FloatArray> {
        seen++
        val share = (1.0 / minOf(frames, seen)).toFloat()
        before = context.mapValues { (name, new) ->
            val old = before[name] ?: return@mapValues new
            FloatArray(new.size) { share * new[it] + (1 - share) * old[it] }
        }
        return before
    }
}
