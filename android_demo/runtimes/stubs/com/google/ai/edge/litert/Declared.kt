// What runtimes/ calls of com.google.ai.edge.litert:litert:2.3.0, declared so that it compiles where Google's Maven
// repository cannot be reached. Compiled against, never packed: without the AAR the app says that LiteRT is not in it.
package com.google.ai.edge.litert

import android.content.Context

enum class Accelerator { NONE, CPU, GPU, NPU }

class LiteRtException(message: String) : Exception(message)

class TensorBuffer : AutoCloseable {
    fun writeFloat(data: FloatArray): Unit = throw NotImplementedError()
    fun readFloat(): FloatArray = throw NotImplementedError()
    override fun close() = Unit
}

interface NpuAcceleratorProvider

class BuiltinNpuAcceleratorProvider(context: Context) : NpuAcceleratorProvider

class Environment : AutoCloseable {
    override fun close() = Unit

    companion object {
        @JvmStatic fun create(context: Context): Environment = throw NotImplementedError()

        @JvmStatic fun create(context: Context, npuAcceleratorProvider: NpuAcceleratorProvider): Environment =
            throw NotImplementedError()
    }
}

class CompiledModel : AutoCloseable {
    data class CpuOptions(val numThreads: Int?, val xnnPackFlags: Int?, val xnnPackWeightCachePath: String?)

    class Options(vararg val accelerators: Accelerator) {
        var cpuOptions: CpuOptions? = null
    }

    fun createInputBuffer(inputName: String, signature: String?): TensorBuffer = throw NotImplementedError()
    fun createOutputBuffer(outputName: String, signature: String?): TensorBuffer = throw NotImplementedError()
    fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String?): Unit =
        throw NotImplementedError()

    override fun close() = Unit

    companion object {
        @JvmStatic fun create(filePath: String, options: Options, optionalEnv: Environment?): CompiledModel =
            throw NotImplementedError()
    }
}
