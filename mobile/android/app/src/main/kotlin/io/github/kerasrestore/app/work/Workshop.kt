package io.github.kerasrestore.app.work

import android.app.Application
import android.graphics.Bitmap
import android.graphics.Rect
import android.net.Uri
import android.os.Handler
import android.os.Looper
import io.github.kerasrestore.app.photo.Gallery
import io.github.kerasrestore.app.photo.Photo
import io.github.kerasrestore.app.view.Detail
import io.github.kerasrestore.core.Accelerator
import io.github.kerasrestore.core.Effect
import io.github.kerasrestore.core.Event
import io.github.kerasrestore.core.ModelEntry
import io.github.kerasrestore.core.Notice
import io.github.kerasrestore.core.Phase
import io.github.kerasrestore.core.Progress
import io.github.kerasrestore.core.Screen
import io.github.kerasrestore.core.Sidecar
import io.github.kerasrestore.core.Snapshot
import io.github.kerasrestore.core.Transition
import io.github.kerasrestore.core.Worker
import io.github.kerasrestore.core.sentenceOf
import java.io.File

/**
 * The main screen's state and the work behind it, whichever activity shows
 * them: turning the device stops nothing.
 *
 * Belongs to the application. Everything here is for the main thread; what
 * takes time is done by one worker, in order.
 */
class Workshop(app: Application) {
    /** Does what takes time, for the other screens too. */
    val worker = Worker()

    /** Reads what does not wait for the worker. */
    val reader = Worker("reader")

    /** The models of the app. */
    val models = Models(app.assets)

    /** Lets the work go on while another app is in front. */
    val background = Background(app)

    /** What the screen shows. */
    var screen = Screen()
        private set

    /** The photo that is open. */
    var photo: Photo? = null
        private set

    /** A preview of it. */
    var before: Bitmap? = null
        private set

    /** A preview of what becomes of it. */
    var after: ResultPreview? = null
        private set

    /** The last progress, which stays when the work is done. */
    var progress: Progress? = null
        private set

    /** What the model that is set says of itself, once that was read. */
    var sidecar: Sidecar? = null
        private set

    /** What is to be said of the model or the processor. */
    var note: String? = null
        private set

    /** Whether the processors are being compared. */
    var comparing = false
        private set

    /** Where the result was kept last. */
    var saved: Uri? = null

    /** Where the result is to be kept, `null` for the gallery. */
    var target: Uri? = null

    /** Called when anything has changed. */
    var onChange: () -> Unit = {}

    /** Called when the preview of the result has grown. */
    var onRows: () -> Unit = {}

    private val main = Handler(Looper.getMainLooper())
    private val gallery = Gallery(app.contentResolver)
    private val folder = WorkFolder(app.cacheDir)
    private val jobs = Jobs(models, gallery, folder)
    private val chosen = mutableMapOf<String, Uri>()
    private var started = false

    @Volatile
    private var asked = 0

    // The model that was chosen and is being looked at.
    private var wanted: ModelEntry? = null

    /** The model that is set, or will be in a moment. */
    val model: ModelEntry
        get() = wanted ?: models.catalog.find(screen.settings.model)

    /** Whether the model and the processor are still being looked at. */
    val isSettling: Boolean
        get() = comparing || wanted != null

    /**
     * Begins, or goes on where the app was when it was stopped.
     *
     * @param snapshot what was kept then, `null` if there is nothing.
     */
    fun start(snapshot: Map<String, String>?) {
        if (started) return
        started = true
        if (snapshot != null) {
            follow(Snapshot.restore(snapshot) { File(it).isFile })
        }
        // What an earlier run of the app may have left behind.
        if (screen.picture == null) worker.then { folder.keepOnly(null) }
        choose(model)
    }

    /** What is to be kept in case the app is stopped. */
    fun snapshot(): Map<String, String> = Snapshot.of(screen)

    /** Takes a photo that somebody chose. */
    fun pick(uri: Uri) {
        reader.then {
            val place = folder.place(gallery.nameOf(uri)).path
            main.post {
                chosen[place] = uri
                dispatch(Event.Picked(place))
            }
        }
    }

    /** Something has happened. */
    fun dispatch(event: Event) {
        if (event is Event.Progressed && event.job == screen.job) {
            progress = event.progress
        }
        follow(screen.on(event))
    }

    /** Sets the model. */
    fun choose(entry: ModelEntry) {
        note = null
        wanted = entry
        reader.then {
            val read = runCatching { models.sidecarOf(entry) }
            main.post {
                // Another one may have been chosen since.
                if (entry != wanted) return@post
                wanted = null
                sidecar = read.getOrNull()
                note = read.exceptionOrNull()?.let(::sentenceOf)
                val sigmas = sidecar?.takeIf { it.sigmaInput }
                    ?.let { it.sigmaLow..it.sigmaHigh }
                val enlarges = (sidecar?.scale ?: 1) > 1
                dispatch(Event.ModelChosen(entry.name, sigmas, enlarges))
                compareIfNeeded()
            }
        }
    }

    /** Sets the processor. */
    fun choose(accelerator: Accelerator) {
        if (accelerator == screen.settings.accelerator) return
        note = null
        dispatch(Event.AcceleratorChosen(accelerator))
        compareIfNeeded()
    }

    /** Forgets the photo, because nobody looks at it any more. */
    fun leave() {
        dispatch(Event.Cancel)
        forget()
        follow(Transition(Screen(settings = screen.settings, job = screen.job)))
        worker.then {
            models.close()
            folder.keepOnly(null)
        }
    }

    /** Frees what can be made again. */
    fun trim() = worker.then(models::close)

    /** Reads a part of the picture; what was asked before is dropped. */
    fun detail(area: Rect, show: (Detail?) -> Unit) {
        val details = Details(
            photo ?: return,
            screen.result?.let(::File),
            after?.scale ?: 1,
        )
        val number = ++asked
        reader.then {
            if (number != asked) return@then
            // One that cannot be read leaves the preview to be seen.
            val detail = runCatching { details.read(area) }.getOrNull()
            main.post { if (number == asked) show(detail) }
        }
    }

    /** The graphics processor is trusted only after it was compared. */
    private fun compareIfNeeded() {
        val gpu = screen.settings.accelerator == Accelerator.GPU
        if (!gpu || comparing) return
        val entry = model
        comparing = true
        onChange()
        worker.then {
            val check = runCatching { models.checkGpu(entry) }
            main.post {
                comparing = false
                note = check.fold({ it.verdict }, ::sentenceOf)
                val good = check.getOrNull()?.agrees == true
                val other = if (good) Accelerator.GPU else Accelerator.CPU
                dispatch(Event.AcceleratorChosen(other))
            }
        }
    }

    private fun follow(transition: Transition) {
        screen = transition.screen
        transition.effects.forEach(::perform)
        // What was begun and not finished is not shown.
        val working = screen.phase is Phase.Restoring
        if (!working && screen.result == null) after = null
        background.follow(Notice.of(screen))
        onChange()
    }

    private fun perform(effect: Effect) {
        when (effect) {
            is Effect.Stop -> worker.stop(effect.job)
            is Effect.Load -> load(effect)
            is Effect.Restore -> restore(effect)
            is Effect.Save -> save(effect)
            is Effect.Delete -> worker.then { File(effect.result).delete() }
        }
    }

    /** A late word of a job that was stopped changes nothing. */
    private inline fun <reified T : Phase> isCurrent(job: Int) =
        job == screen.job && screen.phase is T

    private fun post(event: Event) {
        main.post { dispatch(event) }
    }

    private fun load(effect: Effect.Load) {
        forget()
        val from = chosen.remove(effect.picture)
        val result = screen.result?.let(::File)
        val made = screen.resultSettings
        worker.start(effect.job, ::post) { wish ->
            val opened = jobs.open(File(effect.picture), from, wish)
            val preview = if (result == null || made == null) {
                null
            } else {
                jobs.previewOf(opened.photo, jobs.scaleOf(made), ::grown)
                    .also { jobs.show(it, result, wish) }
            }
            main.post {
                if (!isCurrent<Phase.Loading>(effect.job)) return@post
                photo = opened.photo
                before = opened.before
                after = preview?.also { it.draw() }
            }
            Event.Loaded(effect.job, opened.photo.width, opened.photo.height)
        }
    }

    private fun restore(effect: Effect.Restore) {
        val photo = photo ?: return
        saved = null
        progress = null
        worker.start(effect.job, ::post) { wish ->
            val scale = jobs.scaleOf(effect.settings)
            val preview = jobs.previewOf(photo, scale, ::grown)
            main.post {
                if (!isCurrent<Phase.Restoring>(effect.job)) return@post
                after = preview
                onChange()
            }
            val result = jobs.restore(
                effect.job, photo, effect.settings, preview, wish,
            ) { post(Event.Progressed(effect.job, it)) }
            Event.Restored(effect.job, result.path)
        }
    }

    private fun save(effect: Effect.Save) {
        val photo = photo ?: return
        val scale = after?.scale ?: return
        val to = target
        worker.then {
            val kept = runCatching {
                val uri = jobs.save(File(effect.result), photo, scale, to)
                uri to gallery.nameOf(uri)
            }
            main.post {
                saved = kept.getOrNull()?.first
                dispatch(
                    kept.fold(
                        { Event.Saved(it.second) },
                        { Event.SaveFailed(sentenceOf(it)) },
                    ),
                )
            }
        }
    }

    private fun grown() {
        main.post {
            after?.draw()
            onRows()
        }
    }

    private fun forget() {
        asked++
        photo = null
        before = null
        after = null
        progress = null
        saved = null
    }
}
