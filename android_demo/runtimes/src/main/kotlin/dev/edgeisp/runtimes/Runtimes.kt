package dev.edgeisp.runtimes

import android.content.Context
import dev.edgeisp.core.Engine
import dev.edgeisp.core.Failure
import java.io.File

/** Versions of the AARs, as in gradle/libs.versions.toml. */
object Versions {
    const val LITERT = "2.3.0"
    const val EXECUTORCH = "1.5.1"
}

/** Everything that may open artifacts, the fastest first. */
object Runtimes {
    fun all(context: Context): List<Engine> = listOf(
        LiteRt(context, LiteRt.Unit.NPU),
        LiteRt(context, LiteRt.Unit.GPU),
        LiteRt(context, LiteRt.Unit.CPU),
        ExecuTorch(),
    )

    /** Those that open [artifact]. */
    fun fitting(context: Context, artifact: File): List<Engine> {
        val found = all(context).filter { artifact.name.endsWith(it.suffix) }
        if (found.isEmpty()) {
            throw Failure.Unusable("No runtime on Android opens ${artifact.name}", "Export it for tflite or executorch.")
        }
        return found
    }
}

/** Runtimes throw what they like, and a runtime that is not in this build is a missing class or library. */
internal inline fun <T> loading(engine: String, work: () -> T): T = try {
    work()
} catch (absent: LinkageError) {
    throw Failure.NotLoaded(engine, absent, "it is not in this build of the app (${absent.message})")
} catch (error: Exception) {
    throw Failure.NotLoaded(engine, error)
}

internal inline fun <T> running(engine: String, work: () -> T): T = try {
    work()
} catch (failure: Failure) {
    throw failure
} catch (error: Exception) {
    throw Failure.WrongNumbers(engine, error.message ?: error.toString())
}
