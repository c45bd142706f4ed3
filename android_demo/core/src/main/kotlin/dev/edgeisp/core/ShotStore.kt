package dev.edgeisp.core

import java.io.File
import java.io.IOException
import java.io.OutputStream
import java.nio.ByteBuffer
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** What one press of the shutter gave; it exists in memory alone until [ShotStore.keep] has it. */
class Capture(
    val memory: SensorMemory,
    /** What the camera said of it, or why that cannot be used. */
    val shot: Result<Shot>,
    /** The phone's own JPEG. */
    val phones: ByteArray?,
    /** Writes the RAW as a DNG. */
    val writeDng: (OutputStream) -> Unit,
) {
    /** About what the files take: the RAW twice, the JPEG, and the DNG's own picture and tags. */
    val bytes: Long get() = 2L * memory.bytes.limit() + (phones?.size ?: 0) + (1 shl 20)
}

/** A folder for shots, and how many bytes may be written there. */
class Place(val folder: File, val free: () -> Long) {
    constructor(folder: File) : this(folder, { folder.apply { mkdirs() }.usableSpace })
}

/** A shot on disk. */
class Kept(val folder: File) {
    /** Milliseconds since 1970, then a number where there are several. */
    val name: String get() = folder.name
    val takenMs: Long? get() = name.substringBefore('-').toLongOrNull()

    /** Null where the system's writer refused the shot; the sensor's memory is there all the same. */
    val dng: File? get() = File(folder, DNG).takeIf(File::isFile)
    val phones: File? get() = File(folder, PHONES).takeIf(File::isFile)

    /** Ours, once rendered. */
    val picture = File(folder, "edgeisp.jpg")

    /** What the model's modules did to [picture], in their order; empty for a network of one piece. */
    val steps: List<Step>
        get() = try {
            JSONArray(File(folder, STEPS).readText()).objects(Step::of)
        } catch (_: IOException) {
            emptyList()
        } catch (_: JSONException) {
            emptyList()
        }

    /** Keeps [steps] for the picture that is about to be written. Throws [Failure.Storage]. */
    fun tell(steps: List<Step>) = try {
        File(folder, STEPS).writeText(JSONArray(steps.map(Step::toJson)).toString())
    } catch (error: IOException) {
        throw Failure.Storage("$name takes no $STEPS", error)
    }

    /** The frame to render. Throws [Failure.UnexpectedSensor] or [Failure.Storage]. */
    fun frame(): Frame {
        val card = try {
            JSONObject(File(folder, CARD).readText())
        } catch (error: IOException) {
            throw Failure.Storage("$name has no $CARD", error)
        } catch (error: JSONException) {
            throw Failure.Storage("$CARD of $name is damaged", error)
        }
        if (!card.has("shot")) throw Failure.UnexpectedSensor(card.optString("refused", "no metadata"))
        val sensor = Shot.of(card.getJSONObject("shot")).sensor
        val bytes = try {
            ByteBuffer.wrap(File(folder, MEMORY).readBytes())
        } catch (error: IOException) {
            throw Failure.Storage("$name has no $MEMORY", error)
        }
        val memory = SensorMemory(
            bytes, card.getInt("width"), card.getInt("height"), card.getInt("row_stride"), card.getInt("pixel_stride"),
        )
        return Frame(memory.mosaic(), sensor)
    }

    companion object {
        const val DNG = "raw.dng"
        const val PHONES = "phone.jpg"
        const val MEMORY = "sensor.raw"
        const val CARD = "shot.json"
        private const val STEPS = "steps.json"
    }
}

/**
 * Shots on disk, so that none is lost: each is written before anything is made of it, is there whole or not at all, and stays
 * until it is removed.
 */
class ShotStore(private val places: List<Place>) {

    /** The latest first. */
    fun all(): List<Kept> = places
        .flatMap { it.folder.listFiles().orEmpty().toList() }
        .filter { it.isDirectory && !it.name.startsWith(".") }
        .sortedByDescending(File::getName)
        .map(::Kept)

    fun find(name: String): Kept? = all().find { it.name == name }

    /**
     * Keeps a shot in the first place that takes it, the DNG before everything else.
     *
     * Throws [Failure.NoRoom] where it fits nowhere; the caller then still has it in memory.
     */
    fun keep(capture: Capture, takenMs: Long): Kept {
        for (place in places) {
            if (place.free() < capture.bytes) continue
            try {
                return written(capture, place.folder, takenMs)
            } catch (_: IOException) {
                continue
            }
        }
        throw Failure.NoRoom(capture.bytes)
    }

    private fun written(capture: Capture, folder: File, takenMs: Long): Kept {
        val name = generateSequence(0) { it + 1 }.map { if (it == 0) "$takenMs" else "$takenMs-$it" }
            .first { !File(folder, it).exists() }
        val part = File(folder, ".$name")
        part.deleteRecursively()
        if (!part.mkdirs()) throw IOException("no folder $part")
        try {
            val refused = try {
                File(part, Kept.DNG).outputStream().use { capture.writeDng(it) }
                null
            } catch (error: RuntimeException) {
                File(part, Kept.DNG).delete()
                error.message ?: error.toString()
            }
            File(part, Kept.MEMORY).outputStream().use { stream ->
                stream.channel.write(capture.memory.bytes.duplicate().apply { position(0) })
            }
            capture.phones?.let { File(part, Kept.PHONES).writeBytes(it) }
            File(part, Kept.CARD).writeText(card(capture, refused).toString())
            val done = File(folder, name)
            if (!part.renameTo(done)) throw IOException("$part cannot be renamed")
            return Kept(done)
        } catch (error: Throwable) {
            part.deleteRecursively()
            throw error
        }
    }

    private fun card(capture: Capture, noDng: String?): JSONObject {
        val memory = capture.memory
        val card = JSONObject()
            .put("width", memory.width).put("height", memory.height)
            .put("row_stride", memory.rowStride).put("pixel_stride", memory.pixelStride)
        capture.shot.fold(
            { card.put("shot", it.toJson()) },
            { card.put("refused", (it as? Failure)?.what ?: it.message ?: it.toString()) },
        )
        noDng?.let { card.put("no_dng", it) }
        return card
    }
}
