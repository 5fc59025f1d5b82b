package io.github.kerasrestore.app.photo

import android.content.ContentResolver
import android.content.ContentValues
import android.net.Uri
import android.os.Build
import android.os.Environment
import android.provider.DocumentsContract
import android.provider.MediaStore
import android.provider.OpenableColumns
import io.github.kerasrestore.core.Cancellation
import io.github.kerasrestore.core.Refusal
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream

/**
 * Puts files where other apps find them, and takes them from there.
 *
 * @param resolver of the app.
 */
class Gallery(private val resolver: ContentResolver) {
    /**
     * Copies what somebody chose.
     *
     * @param from as the picker or another app named it.
     * @param to takes the copy; appears whole or not at all.
     * @param wish to stop.
     * @throws Refusal if it is not there or too large to be a photo.
     * @throws IOException if it cannot be read.
     */
    fun fetch(from: Uri, to: File, wish: Cancellation) {
        // Other apps may name files that are only this app's.
        if (from.scheme != ContentResolver.SCHEME_CONTENT) throw Refusal(GONE)
        val part = File(to.path + ".part")
        try {
            val input = resolver.openInputStream(from) ?: throw Refusal(GONE)
            input.use { stream ->
                part.outputStream().use { copy(stream, it, wish) }
            }
            if (!part.renameTo(to)) throw IOException("it was not copied")
        } catch (error: FileNotFoundException) {
            throw Refusal(GONE, error)
        } finally {
            part.delete()
        }
    }

    private fun copy(from: InputStream, to: OutputStream, wish: Cancellation) {
        val buffer = ByteArray(BUFFER)
        var copied = 0L
        while (true) {
            wish.check()
            val count = from.read(buffer)
            if (count < 0) return
            copied += count
            if (copied > LARGEST_FILE) throw Refusal(TOO_LARGE)
            to.write(buffer, 0, count)
        }
    }

    /**
     * Adds a picture to the gallery, from Android 10 on.
     *
     * Others see it only when it is whole.
     *
     * @return what the gallery calls it.
     */
    fun add(file: File, name: String): Uri {
        check(Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q)
        val pictures = MediaStore.Images.Media.getContentUri(
            MediaStore.VOLUME_EXTERNAL_PRIMARY,
        )
        val jpeg = file.extension == "jpg"
        val values = ContentValues().apply {
            put(MediaStore.MediaColumns.DISPLAY_NAME, name)
            put(MediaStore.MediaColumns.MIME_TYPE, typeOf(jpeg))
            put(MediaStore.MediaColumns.RELATIVE_PATH, FOLDER)
            put(MediaStore.MediaColumns.IS_PENDING, 1)
        }
        val uri = resolver.insert(pictures, values)
            ?: throw IOException("the gallery takes nothing")
        var whole = false
        try {
            copy(file, uri)
            values.clear()
            values.put(MediaStore.MediaColumns.IS_PENDING, 0)
            resolver.update(uri, values, null, null)
            whole = true
        } finally {
            if (!whole) resolver.delete(uri, null, null)
        }
        return uri
    }

    /** Writes a picture into a document that somebody has just created. */
    fun write(file: File, document: Uri) {
        var whole = false
        try {
            copy(file, document)
            whole = true
        } finally {
            if (!whole) DocumentsContract.deleteDocument(resolver, document)
        }
    }

    /** What a file is called where it lies. */
    fun nameOf(uri: Uri): String {
        val column = arrayOf(OpenableColumns.DISPLAY_NAME)
        val name = try {
            resolver.query(uri, column, null, null, null)?.use {
                if (it.moveToFirst()) it.getString(0) else null
            }
        } catch (_: RuntimeException) {
            // Providers of other apps throw what they like.
            null
        }
        return name ?: uri.lastPathSegment?.substringAfterLast('/') ?: "photo"
    }

    private fun copy(file: File, to: Uri) {
        val output = resolver.openOutputStream(to, "w")
            ?: throw IOException("the place takes nothing")
        output.use { out -> file.inputStream().use { it.copyTo(out) } }
    }

    companion object {
        private val FOLDER = Environment.DIRECTORY_PICTURES + "/Restored"
        private const val BUFFER = 1 shl 16

        // More than 64 megapixels take in any way of writing them.
        private const val LARGEST_FILE = 1L shl 30
        private const val TOO_LARGE =
            "This file is too large to be a photo; choose another one."
        private const val GONE =
            "This picture may not be opened any more; choose it again."

        /** MIME type of the files that are written. */
        fun typeOf(jpeg: Boolean): String =
            if (jpeg) "image/jpeg" else "image/png"
    }
}
