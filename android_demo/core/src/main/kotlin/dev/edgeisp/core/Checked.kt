package dev.edgeisp.core

import java.io.Closeable
import java.io.File

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
         * [trial] remembers an engine that took the process down with it; that one is passed over.
         */
        fun open(manifest: Manifest, artifact: File, golden: Golden, engines: List<Engine>, trial: Trial, threads: Int = 0): Checked {
            val passedOver = mutableListOf<Failure>()
            for (engine in engines) try {
                return trial.of(engine.name) { opened(manifest, artifact, golden, engine, passedOver.toList(), threads) }
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
 * Remembers in a file which engine is being tried. A driver that kills the process leaves its engine's name there, and the
 * next start passes it over once.
 */
class Trial(private val file: File) {
    private var fell: String? = file.takeIf(File::isFile)?.readText()

    fun <T> of(engine: String, work: () -> T): T {
        if (fell == engine) {
            fell = null
            file.delete()
            throw Failure.NotLoaded(engine, why = "the app ended while it was tried")
        }
        file.writeText(engine)
        return try {
            work()
        } finally {
            file.delete()
        }
    }
}
