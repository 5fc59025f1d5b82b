package io.github.kerasrestore.app.work

import java.io.File
import java.util.UUID

/**
 * The files of the photo in work: a folder in the app's cache for each photo.
 *
 * Pictures are named by the path of the copy, so that they can be found again
 * after the app was stopped.
 *
 * @param cache the app's cache.
 */
class WorkFolder(cache: File) {
    private val root = File(cache, "work")

    /** A place for a photo of that name. */
    fun place(name: String): File {
        val folder = File(root, UUID.randomUUID().toString())
        // Names come from other apps.
        val safe = name.map { if (it in FORBIDDEN || it < ' ') '_' else it }
            .joinToString("")
            .trimStart('.')
            .takeLast(LONGEST)
        return File(folder, safe.ifBlank { "photo" })
    }

    /**
     * Where the restored pixels of a photo go.
     *
     * @param job that makes them: what comes too late from an earlier one
     *   must not be taken for it.
     */
    fun resultOf(photo: File, job: Int) = File(photo.parentFile, ".result$job")

    /** Where the file that is handed on is put together. */
    fun exportOf(photo: File, jpeg: Boolean) =
        File(photo.parentFile, if (jpeg) ".export.jpg" else ".export.png")

    /** Deletes the files of all photos but one. */
    fun keepOnly(photo: File?) {
        for (folder in root.listFiles().orEmpty()) {
            if (folder != photo?.parentFile) folder.deleteRecursively()
        }
    }

    private companion object {
        const val FORBIDDEN = "/\\:*?\"<>|"
        const val LONGEST = 100
    }
}
