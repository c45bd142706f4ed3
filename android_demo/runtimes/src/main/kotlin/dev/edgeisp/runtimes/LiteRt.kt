package dev.edgeisp.runtimes

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.BuiltinNpuAcceleratorProvider
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.TensorBuffer
import dev.edgeisp.core.Engine
import dev.edgeisp.core.Program
import dev.edgeisp.core.Tensor
import java.io.File

/** LiteRT on the CPU (XNNPACK), the GPU or the NPU; functions are signatures. */
class LiteRt(private val context: Context, private val unit: Unit) : Engine {
    enum class Unit { CPU, GPU, NPU }

    override val name = "LiteRT $unit"
    override val suffix = ".tflite"
    override val isCpu = unit == Unit.CPU

    override fun open(artifact: File, threads: Int): Program = loading(name) {
        val environment = when (unit) {
            Unit.NPU -> Environment.create(context, BuiltinNpuAcceleratorProvider(context))
            else -> Environment.create(context)
        }
        val options = when (unit) {
            Unit.CPU -> CompiledModel.Options(Accelerator.CPU)
            Unit.GPU -> CompiledModel.Options(Accelerator.GPU)
            Unit.NPU -> CompiledModel.Options(Accelerator.NPU)
        }
        if (isCpu && threads > 0) options.cpuOptions = CompiledModel.CpuOptions(threads, null, null)
        try {
            LiteRtProgram(name, environment, CompiledModel.create(artifact.path, options, environment))
        } catch (refused: Throwable) {
            environment.close()
            throw refused
        }
    }
}

private class LiteRtProgram(
    private val engine: String,
    private val environment: Environment,
    private val model: CompiledModel,
) : Program {
    override val ranOn = "$engine ${Versions.LITERT}"
    private val buffers = HashMap<String, TensorBuffer>()

    override fun run(function: String, inputs: List<Tensor>, outputs: List<String>): List<FloatArray> = running(engine) {
        val given = inputs.associate { input ->
            val buffer = buffers.getOrPut("$function<${input.name}") { model.createInputBuffer(input.name, function) }
            buffer.writeFloat(input.values)
            input.name to buffer
        }
        val made = outputs.associateWith { name ->
            buffers.getOrPut("$function>$name") { model.createOutputBuffer(name, function) }
        }
        model.run(given, made, function)
        outputs.map { made.getValue(it).readFloat() }
    }

    override fun close() {
        buffers.values.forEach(TensorBuffer::close)
        model.close()
        environment.close()
    }
}
