package dev.edgeisp.core

import java.io.File
import java.security.MessageDigest
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject
import org.json.JSONTokener

/** An input or an output of a function: float32, planar. */
data class Port(val name: String, val shape: List<Int>) {
    /** Number of values. */
    val size: Int get() = shape.fold(1, Int::times)
}

/** An entry point of an artifact, with its ports in call order. */
data class Entry(val file: String, val inputs: List<Port>, val outputs: List<Port>) {
    fun input(name: String): Port? = inputs.find { it.name == name }
}

/** The part of `*.edgeisp.json` that an app needs. Strict, as Python's reader: what it does not know it refuses. */
data class Manifest(
    val model: String,
    val target: String,
    val precision: String,
    val task: String,
    val packaging: String,
    /** Height and width of the picture that one call of `tile` makes. */
    val tile: Pair<Int, Int>,
    /** Packed height and width are multiples of this. */
    val stride: Int,
    /** Picture pixels at each edge of a tile that only serve their neighbours; null where that is not known. */
    val halo: Int?,
    val functions: Map<String, Entry>,
    /** The modules of POS-ISP that run, in their order; empty for other networks. */
    val chain: List<Stage>,
    /** sha256 by name. */
    val files: Map<String, String>,
    /** `verified`, `unverified` or `failed`. */
    val status: String,
) {
    /** The function that makes a tile. */
    val tiles: Entry get() = functions.getValue("tile")

    /** The file of the artifact. */
    val artifact: String get() = tiles.file

    /** What the modules of [chain] do with a [context], as `Renderer.context` gives it. Baked artifacts keep theirs inside. */
    fun steps(context: Map<String, FloatArray>): List<Step> = chain.map { it.step(context["context"]) }

    companion object {
        const val VERSION = 1
        const val SUFFIX = ".edgeisp.json"

        private val TOP = setOf(
            "manifest", "model", "target", "precision", "functions", "task", "packaging", "tile", "stride", "halo",
            "overhead", "chain", "spare", "camera", "checkpoint", "quantization", "costs", "rewrites", "tools", "files",
            "delegation", "census", "verification",
        )
        private val PACKAGINGS = setOf("split", "baked", "modules")

        /** The manifest at [path], after the files that it names were found beside it and hashed. */
        fun read(path: File): Manifest {
            if (!path.isFile) throw Failure.WrongFile(path.name, "is not there")
            val own = path.name.removeSuffix(SUFFIX)
            val manifest = parse(path.readText())
            if (manifest.artifact != own) throw Failure.WrongFile(manifest.artifact, "is the artifact, not $own")
            for ((name, sha256) in manifest.files) check(File(path.absoluteFile.parentFile, name), name, sha256)
            return manifest
        }

        /** A manifest from its JSON; files are not looked at. */
        fun parse(text: String): Manifest = try {
            val top = JSONTokener(text).nextValue() as? JSONObject ?: throw JSONException("not an object")
            val version = top.getInt("manifest")
            if (version != VERSION) throw Failure.NewerManifest(version)
            checked(of(top.known(TOP)))
        } catch (error: JSONException) {
            throw Failure.BadManifest(error.message ?: "not JSON", error)
        }

        private fun of(top: JSONObject) = Manifest(
            model = top.getString("model"),
            target = top.getString("target"),
            precision = top.getString("precision"),
            task = top.getString("task"),
            packaging = top.oneOf("packaging", PACKAGINGS),
            tile = top.getJSONArray("tile").let { it.getInt(0) to it.getInt(1) },
            stride = top.getInt("stride"),
            halo = if (top.isNull("halo")) null else top.getJSONObject("halo").getInt("auto"),
            functions = top.getJSONObject("functions").entries { entry(it as JSONObject) },
            chain = top.getJSONArray("chain").objects(Stage::of),
            files = top.getJSONArray("files").objects { it.known(setOf("name", "sha256", "bytes")) }
                .associate { it.getString("name") to it.getString("sha256") },
            status = top.getJSONObject("verification").getString("status"),
        )

        private fun entry(json: JSONObject): Entry {
            json.known(setOf("file", "inputs", "outputs"))
            return Entry(
                json.getString("file"),
                json.getJSONArray("inputs").objects(::port),
                json.getJSONArray("outputs").objects(::port),
            )
        }

        private fun port(json: JSONObject): Port {
            json.known(setOf("name", "shape", "dtype", "quantization"))
            if (json.getString("dtype") != "float32") throw JSONException("${json.getString("name")} is not float32")
            val shape = json.getJSONArray("shape")
            return Port(json.getString("name"), (0 until shape.length()).map(shape::getInt))
        }

        private fun checked(manifest: Manifest): Manifest {
            val entries = manifest.functions
            if ("tile" !in entries) throw Failure.BadManifest("no function is called tile")
            for ((name, entry) in entries) if (entry.file !in manifest.files) {
                throw Failure.WrongFile(entry.file, "holds the function $name, but is not among the manifest's files")
            }
            for (name in manifest.files.keys) if (File(name).name != name || name in setOf("", ".", "..")) {
                throw Failure.WrongFile(name, "is not a file name")
            }
            val numbers = entries["context"]?.outputs?.find { it.name == "context" }?.size
            for (stage in manifest.chain) if (numbers != null && stage.first + stage.parameters.size > numbers) {
                throw Failure.BadManifest("the parameters of ${stage.module} lie outside a context of $numbers")
            }
            for (stage in manifest.chain) if ((manifest.packaging == "modules") != (stage.function in entries)) {
                throw Failure.BadManifest(
                    "the module ${stage.module} has the function ${stage.function}, packaging ${manifest.packaging}",
                )
            }
            val (height, width) = manifest.tile
            val step = manifest.stride * if (manifest.task == "isp") 2 else 1
            if (step < 1 || height < 1 || width < 1 || height % step != 0 || width % step != 0) {
                throw Failure.BadManifest("a tile of ${width}x$height pixels is off the stride of ${manifest.stride}")
            }
            return manifest
        }

        private fun check(file: File, name: String, sha256: String) {
            if (!file.isFile) throw Failure.WrongFile(name, "is not there")
            if (sha256(file) != sha256) throw Failure.WrongFile(name, "is not the file that the manifest tells of")
        }
    }
}

/** Hex digest of a file. */
fun sha256(file: File): String {
    val digest = MessageDigest.getInstance("SHA-256")
    file.inputStream().use { stream ->
        val buffer = ByteArray(1 shl 16)
        while (true) {
            val count = stream.read(buffer)
            if (count < 0) break
            digest.update(buffer, 0, count)
        }
    }
    return digest.digest().joinToString("") { "%02x".format(it) }
}

internal fun <T> JSONObject.entries(of: (Any) -> T): Map<String, T> {
    val found = LinkedHashMap<String, T>()
    for (key in keys()) found[key] = of(get(key))
    return found
}

internal fun <T> JSONArray.objects(of: (JSONObject) -> T): List<T> = (0 until length()).map { of(getJSONObject(it)) }

internal fun JSONObject.doubles(name: String): List<Double> =
    getJSONArray(name).let { all -> (0 until all.length()).map(all::getDouble) }

internal fun JSONObject.known(fields: Set<String>): JSONObject {
    for (key in keys()) if (key !in fields) throw JSONException("unknown field $key")
    return this
}

private fun JSONObject.oneOf(name: String, values: Set<String>): String {
    val found = getString(name)
    if (found !in values) throw JSONException("$name $found is none of ${values.joinToString()}")
    return found
}
