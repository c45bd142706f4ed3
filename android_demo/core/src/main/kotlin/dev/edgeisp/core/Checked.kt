package dev.edgeisp.core

import java.io.Closeable
import java.io.File
import java.io.IOException

/** A model that has passed its self-test. */
class Checked(
    val model: Model,
    val engine: Engine,
    /** How well each function repeated its golden calls, in dB. */
    val psnrDb: Map<String, Double>,
    /** Why engines that were tried before were passed over. */
    val passedOver: List<Failure>,
) : Closeable by model {
    companion object {
        /**
         * Opens an artifact by the first of [engines] that computes what it should. Throws the last one's failure.
         *
         * [trial] remembers an engine that took the process down with it; that one is passed over unless it is the last.
         */
        fun open(manifest: Manifest, artifact: File, golden: Golden, engines: List<Engine>, trial: Trial, threads: Int = 0): Checked {
            val passedOver = mutableListOf<Failure>()
            for (engine in engines) try {
                val attempt = { opened(manifest, artifact, golden, engine, passedOver.toList(), threads) }
                return if (engine === engines.last()) attempt() else trial.of(engine.name, attempt)
            } catch (failure: Failure) {
                passedOver.add(failure)
            }
            throw passedOver.lastOrNull()
                ?: Failure.Unusable("No runtime opens ${artifact.name}", "Export it for tflite or executorch.")
        }

        private fun opened(
            manifest: Manifest, artifact: File, golden: Golden, engine: Engine, passedOver: List<Failure>, threads: Int,
        ): Checked {
            val model = Model(manifest, engine.open(artifact, threads))
            try {
                return Checked(model, engine, golden.check(model), passedOver)
            } catch (failure: Failure) {
                model.close()
                throw failure
            }
        }

        /** The order to try them in: the chosen one, then those that run on the CPU. Without a choice the CPU alone. */
        fun order(engines: List<Engine>, chosen: String?): List<Engine> {
            val first = engines.filter { it.name == chosen }
            return first + engines.filter { it.isCpu && it !in first }
        }
    }
}

/**
 * Remembers in a file which engine is being tried. A driver that kills the process leaves its engine's name there, and that
 * engine is passed over until [forget]. Where the file cannot be written, engines are tried without it.
 */
class Trial(private val file: File) {
    fun <T> of(engine: String, work: () -> T): T {
        val fell = noted()
        if (engine in fell) throw Failure.NotLoaded(engine, why = "the app ended while it was tried")
        note(fell + engine)
        return try {
            work()
        } finally {
            note(fell)
        }
    }

    /** Engines that took the process down may be tried again. */
    fun forget() {
        file.delete()
    }

    private fun noted(): List<String> = try {
        file.readLines()
    } catch (_: IOException) {
        emptyList()
    }

    private fun note(engines: List<String>) = try {
        if (engines.isEmpty()) forget() else file.writeText(engines.joinToString("\n"))
    } catch (_: IOException) {
        // A full disk is no reason not to render.
    }
}
