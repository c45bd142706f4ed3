package dev.edgeisp.camera

import android.content.Context
import dev.edgeisp.core.Checked
import dev.edgeisp.core.Engine
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Golden
import dev.edgeisp.core.Manifest
import dev.edgeisp.core.Trial
import dev.edgeisp.runtimes.Runtimes
import java.io.File
import java.io.IOException

/** What `edgeisp app android` put into the app's assets: an artifact, its manifest and its self-test. */
class Bundled private constructor(context: Context, val manifest: Manifest, private val folder: File) {
    val artifact = File(folder, manifest.artifact)
    val golden: Golden = Golden.read(File(folder, "golden.json"), manifest)
    val engines: List<Engine> = Runtimes.fitting(context, artifact)
    val trial = Trial(File(context.filesDir, "trial"))

    /** Opened by the [chosen] runtime, or by the CPU where that one fails the self-test. */
    fun open(chosen: String?): Checked {
        val order = Checked.order(engines, chosen)
        return Checked.open(manifest, artifact, golden, order, trial)
    }

    companion object {
        private const val ASSETS = "artifact"

        /** The one inside the app, whose files are hashed. Throws what is wrong with it. */
        fun open(context: Context): Bundled {
            val folder = unpacked(context)
            val name = folder.list().orEmpty().filter { it.endsWith(Manifest.SUFFIX) }.sorted().firstOrNull()
                ?: throw Failure.Unusable("There is no model in this app", "Put one in with `edgeisp app android` and build again.")
            return Bundled(context, Manifest.read(File(folder, name)), folder)
        }

        /** Runtimes open files, not assets: a copy of them, made once for each installation. */
        private fun unpacked(context: Context): File {
            val build = context.packageManager.getPackageInfo(context.packageName, 0).lastUpdateTime
            val folder = File(context.filesDir, "$ASSETS-$build")
            if (folder.isDirectory) return folder
            context.filesDir.listFiles { file -> file.name.startsWith(ASSETS) }.orEmpty().forEach { it.deleteRecursively() }
            val part = File(context.filesDir, "$ASSETS.part")
            try {
                part.mkdirs()
                for (name in context.assets.list(ASSETS).orEmpty()) {
                    context.assets.open("$ASSETS/$name").use { from -> File(part, name).outputStream().use { from.copyTo(it) } }
                }
            } catch (error: IOException) {
                throw Failure.Storage("the model cannot be unpacked (${error.message})", error)
            }
            if (!part.renameTo(folder)) throw Failure.Storage("$folder cannot be made")
            return folder
        }
    }
}
