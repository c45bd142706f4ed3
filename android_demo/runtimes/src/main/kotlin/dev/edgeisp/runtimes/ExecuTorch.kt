package dev.edgeisp.runtimes

import dev.edgeisp.core.Engine
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Program
import dev.edgeisp.core.Tensor
import java.io.File
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor as Blob

/**
 * ExecuTorch; what it runs on (XNNPACK, Vulkan, QNN) was settled when the file was exported, and has to be in the AAR that the
 * app was built with (`-Pexecutorch`). Functions are methods.
 */
class ExecuTorch : Engine {
    override val name = "ExecuTorch"
    override val suffix = ".pte"
    override val isCpu = true

    override fun open(artifact: File, threads: Int): Program = loading(name) {
        ExecuTorchProgram(Module.load(artifact.path, Module.LOAD_MODE_MMAP, threads))
    }
}

private class ExecuTorchProgram(private val module: Module) : Program {
    /** `ExecuTorch 1.5.1, XnnpackBackend`. */
    override val ranOn = (listOf("ExecuTorch ${Versions.EXECUTORCH}") + backends()).joinToString()

    override fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray> = running("ExecuTorch") {
        val given = inputs.map { input ->
            EValue.from(Blob.fromBlob(input.values, LongArray(input.shape.size) { input.shape[it].toLong() }))
        }
        val made = module.execute(function, *given.toTypedArray())
        if (made.size != outputs.size) throw Failure.WrongNumbers("ExecuTorch", "${made.size} outputs of $function")
        made.map { it.toTensor().getDataAsFloatArray() }
    }

    override fun close() = module.destroy()

    private fun backends(): List<String> =
        module.getMethods().flatMap { module.getMethodMetadata(it).backends.toList() }.distinct().sorted()
}
