package dev.edgeisp.core

import java.io.Closeable
import java.io.File

/** Values of an input, planar. */
class Tensor(val name: String, val shape: List<Int>, val values: FloatArray)

/** An opened artifact. Not for several threads at once. */
interface Program : Closeable {
    /** What executes it, with its version: `litert 2.3.0, GPU`. */
    val ranOn: String

    /** Runs a function on its inputs in call order; values of the [outputs] that it has, by their names in order. */
    fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray>
}

/** A runtime with one of its accelerators. */
interface Engine {
    /** What people choose: `LiteRT GPU`. */
    val name: String

    /** Ending of the files that it opens. */
    val suffix: String

    /** Whether it runs on the CPU alone: what the app falls back to. */
    val isCpu: Boolean

    /**
     * Opens an artifact; [threads] 0 leaves the number to the runtime.
     *
     * Throws [Failure.NotLoaded].
     */
    fun open(artifact: File, threads: Int): Program
}

/** An opened artifact with its manifest: functions by name, inputs and outputs by name. */
class Model(val manifest: Manifest, private val program: Program) : Closeable by program {
    val ranOn: String get() = program.ranOn

    fun run(function: String, given: Map<String, FloatArray>): Map<String, FloatArray> {
        val entry = manifest.functions.getValue(function)
        val inputs = entry.inputs.map { Tensor(it.name, it.shape, given.getValue(it.name)) }
        val made = program.run(function, inputs, entry.outputs.map { it.name })
        return entry.outputs.zip(made).associate { (port, values) ->
            if (values.size != port.size) {
                throw Failure.WrongNumbers(ranOn, "${values.size} values of ${port.name}, not ${port.size}")
            }
            port.name to values
        }
    }
}
