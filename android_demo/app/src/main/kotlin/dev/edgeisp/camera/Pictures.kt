package dev.edgeisp.camera

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.media.MediaScannerConnection
import android.os.Environment
import dev.edgeisp.core.Canvas
import dev.edgeisp.core.Failure
import dev.edgeisp.core.Frame
import dev.edgeisp.core.Kept
import dev.edgeisp.core.Renderer
import java.io.File
import java.io.IOException

/** Renders a whole frame with its [context] into a bitmap, block by block. Throws [Failure.NoMemory] too. */
fun render(renderer: Renderer, frame: Frame, context: Map<String, FloatArray>, onTile: (Int, Int) -> Boolean): Bitmap = try {
    val picture = Bitmap.createBitmap(frame.placement.width, frame.placement.height, Bitmap.Config.ARGB_8888)
    val canvas = Canvas { left, top, width, height, colors -> picture.setPixels(colors, 0, width, left, top, width, height) }
    renderer.render(frame, context, canvas, onTile)
    picture
} catch (full: OutOfMemoryError) {
    throw Failure.NoMemory(full)
}

/** Writes [picture] as a JPEG, whole or not at all. */
fun write(picture: Bitmap, to: File) {
    val part = File(to.parentFile, ".${to.name}")
    try {
        part.outputStream().use { if (!picture.compress(Bitmap.CompressFormat.JPEG, 95, it)) throw IOException("no JPEG") }
        if (!part.renameTo(to)) throw IOException("$part cannot be renamed")
    } catch (error: IOException) {
        part.delete()
        throw Failure.NoRoom(picture.width.toLong() * picture.height)
    }
}

/** A picture file with no side above [side], or null. Its orientation is applied by [degrees]. */
fun read(file: File, side: Int, degrees: Int = 0): Bitmap? = try {
    val size = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    BitmapFactory.decodeFile(file.path, size)
    val options = BitmapFactory.Options()
    options.inSampleSize = generateSequence(1) { 2 * it }.first { maxOf(size.outWidth, size.outHeight) / it <= side }
    BitmapFactory.decodeFile(file.path, options)?.let { turned(it, degrees) }
} catch (full: OutOfMemoryError) {
    throw Failure.NoMemory(full)
}

private fun turned(picture: Bitmap, degrees: Int): Bitmap {
    if (degrees == 0) return picture
    val matrix = android.graphics.Matrix().apply { postRotate(degrees.toFloat()) }
    return Bitmap.createBitmap(picture, 0, 0, picture.width, picture.height, matrix, true)
}

/** The user's pictures, where files are added and none is read. */
class Album(private val context: Context) {

    /** Adds what there is of a shot, our picture and its DNG, or nothing. Throws [Failure.NoRoom] or [Failure.Storage]. */
    fun add(kept: Kept, withPicture: Boolean) {
        val remove =
            if (withPicture && kept.picture.isFile) add(kept.picture, "edgeisp-${kept.name}.jpg", "image/jpeg") else null
        try {
            kept.dng?.let { add(it, "edgeisp-${kept.name}.dng", "image/x-adobe-dng") }
        } catch (failure: Failure) {
            remove?.invoke()
            throw failure
        }
    }

    /** Returns what removes it again. */
    private fun add(file: File, name: String, mime: String): () -> Unit = try {
        if (Newer.hasScopedStorage) insert(file, name, mime) else copy(file, name, mime)
    } catch (error: SecurityException) {
        throw Failure.Denied("Writing to Pictures")
    } catch (error: IOException) {
        if (Environment.getExternalStorageDirectory().usableSpace < file.length()) throw Failure.NoRoom(file.length())
        throw Failure.Storage("$name cannot be added (${error.message})", error)
    }

    private fun insert(file: File, name: String, mime: String): () -> Unit {
        val resolver = context.contentResolver
        val place = Newer.pending(resolver, name, mime, "${Environment.DIRECTORY_PICTURES}/$FOLDER")
            ?: throw IOException("the system gives no place for it")
        try {
            val to = resolver.openOutputStream(place) ?: throw IOException("the system does not open it")
            to.use { file.inputStream().use { from -> from.copyTo(it) } }
            Newer.publish(resolver, place)
        } catch (error: IOException) {
            resolver.delete(place, null, null)
            throw error
        }
        return { resolver.delete(place, null, null) }
    }

    /** Before Android 10, with the permission to write. */
    private fun copy(file: File, name: String, mime: String): () -> Unit {
        val folder = File(Environment.getExternalStoragePublicDirectory(Environment.DIRECTORY_PICTURES), FOLDER)
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException("no folder $folder")
        val done = File(folder, name)
        val scan = { MediaScannerConnection.scanFile(context, arrayOf(done.path), arrayOf(mime), null) }
        val part = File(folder, ".$name")
        try {
            file.copyTo(part, overwrite = true)
            if (!part.renameTo(done)) throw IOException("$part cannot be renamed")
            scan()
        } finally {
            part.delete()
        }
        return {
            done.delete()
            scan()
        }
    }

    private companion object {
        const val FOLDER = "edgeisp"
    }
}
