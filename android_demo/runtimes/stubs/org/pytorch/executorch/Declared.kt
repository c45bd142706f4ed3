// What runtimes/ calls of org.pytorch:executorch-android:1.5.1; see the note in the LiteRT declarations.
package org.pytorch.executorch

class Tensor {
    fun getDataAsFloatArray(): FloatArray = throw NotImplementedError()

    companion object {
        @JvmStatic fun fromBlob(data: FloatArray, shape: LongArray): Tensor = throw NotImplementedError()
    }
}

class EValue {
    fun isTensor(): Boolean = throw NotImplementedError()
    fun toTensor(): Tensor = throw NotImplementedError()

    companion object {
        @JvmStatic fun from(tensor: Tensor): EValue = throw NotImplementedError()
    }
}

class MethodMetadata {
    val backends: Array<String> get() = throw NotImplementedError()
}

class Module {
    fun getMethods(): Array<String> = throw NotImplementedError()
    fun getMethodMetadata(name: String): MethodMetadata = throw NotImplementedError()
    fun execute(methodName: String, vararg inputs: EValue): Array<EValue> = throw NotImplementedError()
    fun destroy(): Unit = throw NotImplementedError()

    companion object {
        const val LOAD_MODE_MMAP = 1

        @JvmStatic fun load(modelPath: String, loadMode: Int, numThreads: Int): Module = throw NotImplementedError()
    }
}
