package io.github.kerasrestore.app.work

import android.graphics.Bitmap
import android.net.Uri
import io.github.kerasrestore.app.photo.Encoder
import io.github.kerasrestore.app.photo.Gallery
import io.github.kerasrestore.app.photo.Photo
import io.github.kerasrestore.core.Cancellation
import io.github.kerasrestore.core.Progress
import io.github.kerasrestore.core.RawImage
import io.github.kerasrestore.core.RawImageWriter
import io.github.kerasrestore.core.Refusal
import io.github.kerasrestore.core.Restorer
import io.github.kerasrestore.core.Settings
import java.io.File

/**
 * What is done to a photo, on the worker's thread.
 *
 * @param models restore.
 * @param gallery gives and takes files.
 * @param folder keeps what is in between.
 */
class Jobs(
    private val models: Models,
    private val gallery: Gallery,
    private val folder: WorkFolder,
) {
    /**
     * A photo that can be shown.
     *
     * @property before a preview.
     */
    class Opened(val photo: Photo, val before: Bitmap)

    /**
     * Copies a photo, unless that was done, and looks at it.
     *
     * @param file the copy.
     * @param from where it comes from, `null` if it should be there.
     * @param wish to stop.
     */
    fun open(file: File, from: Uri?, wish: Cancellation): Opened {
        folder.keepOnly(file)
        if (!file.isFile) {
            if (from == null) throw Refusal(GONE)
            file.parentFile?.mkdirs()
            gallery.fetch(from, file, wish)
        }
        val photo = Photo.open(file)
        wish.check()
        return Opened(photo, photo.preview(photo.sampleSize(PREVIEW)))
    }

    /** Enlargement of the model that is set. */
    fun scaleOf(settings: Settings): Int =
        models.sidecarOf(models.catalog.find(settings.model)).scale

    /** An empty preview of what becomes of a photo. */
    fun previewOf(photo: Photo, scale: Int, onRows: () -> Unit) =
        ResultPreview(photo, scale, photo.sampleSize(PREVIEW, scale), onRows)

    /** Looks at a result that was made earlier. */
    fun show(preview: ResultPreview, result: File, wish: Cancellation) =
        preview.rawImage(result).use { preview.fill(it, wish) }

    /**
     * Restores a photo.
     *
     * @param job its number.
     * @param preview grows with the work.
     * @param wish to stop.
     * @param onProgress called at the start and after every tile.
     * @return the restored pixels.
     */
    fun restore(
        job: Int,
        photo: Photo,
        settings: Settings,
        preview: ResultPreview,
        wish: Cancellation,
        onProgress: (Progress) -> Unit,
    ): File {
        val entry = models.catalog.find(settings.model)
        val result = folder.resultOf(photo.file, job)
        models.use(entry, settings.accelerator) { engine ->
            val restorer = Restorer(models.sidecarOf(entry), engine)
            val raw = RawImageWriter(
                result, preview.fullWidth, preview.fullHeight, photo.layout,
            )
            preview.of(raw).use { sink ->
                photo.source().use { source ->
                    restorer.restore(
                        source, sink, settings.options, wish, onProgress,
                    )
                }
            }
        }
        return result
    }

    /**
     * Keeps a result where other apps find it.
     *
     * @param result the restored pixels.
     * @param photo what they were made from.
     * @param scale enlargement of the result.
     * @param to a document for it, `null` for the gallery.
     * @return where it is.
     */
    fun save(result: File, photo: Photo, scale: Int, to: Uri?): Uri {
        val (width, height) = photo.width * scale to photo.height * scale
        val jpeg = Encoder.isJpeg(photo, width, height)
        val export = folder.exportOf(photo.file, jpeg)
        try {
            RawImage(result, width, height, photo.layout).use {
                Encoder.encode(photo, it, export)
            }
            if (to == null) {
                return gallery.add(export, Encoder.nameOf(photo, jpeg))
            }
            gallery.write(export, to)
            return to
        } finally {
            export.delete()
        }
    }

    private companion object {
        // The longest side of a preview.
        const val PREVIEW = 2048
        const val GONE =
            "This picture may not be opened any more; choose it again."
    }
}
