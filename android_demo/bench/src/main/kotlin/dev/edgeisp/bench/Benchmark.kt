package dev.edgeisp.bench

import android.app.Activity
import android.app.Instrumentation
import android.os.Bundle
import dev.edgeisp.core.Engine
import dev.edgeisp.core.Failure
import dev.edgeisp.core.benchmark
import dev.edgeisp.runtimes.Runtimes
import java.io.File

/**
 * Measures for `edgeisp profile --app`: the contract is in docs/devices.md. Arguments `folder` and `results`; without them
 * those of a device farm. Ends with RESULT_OK, or with RESULT_CANCELED and the reason as `error`.
 */
open class Benchmark : Instrumentation() {
    private var arguments = Bundle()

    /** Which of the runtimes that open a file measures it. */
    protected open fun chosen(fitting: List<Engine>): Engine = fitting.first(Engine::isCpu)

    override fun onCreate(given: Bundle?) {
        super.onCreate(given)
        arguments = given ?: Bundle()
        start()
    }

    override fun onStart() {
        val said = Bundle()
        try {
            benchmark(File(path("folder", FARM)), File(path("results", "$FARM/results"))) { artifact ->
                chosen(Runtimes.fitting(targetContext, artifact))
            }
            finish(Activity.RESULT_OK, said)
        } catch (failure: Failure) {
            said.putString("error", failure.message)
            finish(Activity.RESULT_CANCELED, said)
        }
    }

    private fun path(name: String, otherwise: String): String = arguments.getString(name) ?: otherwise

    private companion object {
        const val FARM = "/sdcard/edgeisp"
    }
}

/** The same on the GPU. */
class GpuBenchmark : Benchmark() {
    override fun chosen(fitting: List<Engine>): Engine = named(fitting, "GPU")
}

/** The same on the NPU. */
class NpuBenchmark : Benchmark() {
    override fun chosen(fitting: List<Engine>): Engine = named(fitting, "NPU")
}

private fun named(fitting: List<Engine>, unit: String): Engine = fitting.find { it.name.endsWith(unit) }
    ?: throw Failure.Unusable("${fitting.first().name} has no $unit of its own", "Use .Benchmark: its files settle it.")
