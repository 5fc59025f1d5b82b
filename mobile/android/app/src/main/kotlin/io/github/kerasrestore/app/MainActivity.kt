package io.github.kerasrestore.app

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.provider.MediaStore
import android.view.Menu
import android.view.MenuItem
import android.view.View
import android.widget.Button
import android.widget.ProgressBar
import android.widget.TextView
import android.widget.Toast
import io.github.kerasrestore.app.photo.Encoder
import io.github.kerasrestore.app.photo.Gallery
import io.github.kerasrestore.app.view.BeforeAfterView
import io.github.kerasrestore.app.work.Workshop
import io.github.kerasrestore.core.Event
import io.github.kerasrestore.core.ModelCatalog
import io.github.kerasrestore.core.Notice
import io.github.kerasrestore.core.Phase
import io.github.kerasrestore.core.Refusal

/** Shows the photo in work and takes what is wished for it. */
class MainActivity : Activity() {
    private lateinit var workshop: Workshop
    private lateinit var catalog: ModelCatalog
    private lateinit var texts: StatusText
    private lateinit var picture: BeforeAfterView
    private lateinit var status: TextView
    private lateinit var progress: ProgressBar
    private lateinit var first: Button
    private lateinit var restore: Button
    private lateinit var cancel: Button
    private lateinit var settings: SettingsPanel

    // What was shown last.
    private var rendered: Phase? = null
    private var keeping = false

    // Whether the result is to be shared as soon as it is kept.
    private var sharing = false

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.main)
        setUpWindow()
        workshop = (application as RestoreApplication).workshop
        texts = StatusText(resources)
        findViews()
        try {
            catalog = workshop.models.catalog
        } catch (error: Refusal) {
            // Nothing can be done without models.
            status.text = error.sentence
            listOf(first, restore, cancel, progress).forEach { it.hide(true) }
            return
        }
        workshop.start(state?.getBundle(KEY_SNAPSHOT)?.texts())
        sharing = state?.getBoolean(KEY_SHARING) ?: false
        connect()
        if (state == null) take(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        if (::catalog.isInitialized) take(intent)
    }

    override fun onStart() {
        super.onStart()
        if (!::catalog.isInitialized) return
        workshop.onChange = ::render
        workshop.onRows = ::showRows
        render()
    }

    override fun onStop() {
        workshop.onChange = {}
        workshop.onRows = {}
        super.onStop()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        val texts = Bundle()
        for ((key, text) in workshop.snapshot()) texts.putString(key, text)
        state.putBundle(KEY_SNAPSHOT, texts)
        state.putBoolean(KEY_SHARING, sharing)
    }

    override fun onDestroy() {
        if (isFinishing) workshop.leave()
        super.onDestroy()
    }

    private fun Bundle.texts(): Map<String, String> =
        keySet().associateWith { getString(it).orEmpty() }

    private fun findViews() {
        picture = findViewById(R.id.picture)
        status = findViewById(R.id.status)
        progress = findViewById(R.id.progress)
        first = findViewById(R.id.first)
        restore = findViewById(R.id.restore)
        cancel = findViewById(R.id.cancel)
    }

    private fun connect() {
        settings = SettingsPanel(this, workshop, catalog.models)
        first.setOnClickListener { choosePhoto() }
        restore.setOnClickListener { workshop.dispatch(Event.Restore) }
        cancel.setOnClickListener { workshop.dispatch(Event.Cancel) }
        picture.onRest = { area -> workshop.detail(area, picture::showDetail) }
    }

    private fun render() {
        val screen = workshop.screen
        val phase = screen.phase
        val photo = workshop.photo
        val after = workshop.after
        picture.show(photo?.width ?: 0, photo?.height ?: 0, workshop.before)
        picture.showAfter(after?.bitmap, after?.share ?: 0f)
        picture.keepScreenOn = phase is Phase.Restoring
        if (phase != rendered && phase == Phase.Done) picture.refresh()
        rendered = phase
        // What changes several times a second would never be read to its end.
        status.accessibilityLiveRegion = if (phase is Phase.Restoring) {
            View.ACCESSIBILITY_LIVE_REGION_NONE
        } else {
            View.ACCESSIBILITY_LIVE_REGION_POLITE
        }
        status.say(texts.of(workshop))
        renderProgress(phase)
        settings.render()
        first.hide(photo != null || screen.isBusy)
        cancel.hide(!screen.isBusy)
        restore.hide(screen.isBusy)
        restore.isEnabled = screen.canRestore && !workshop.isSettling
        if (keeping != screen.canSave) {
            keeping = screen.canSave
            invalidateOptionsMenu()
        }
        if (sharing && !screen.saving) {
            sharing = false
            workshop.saved?.let(::share)
        }
        if (Notice.isWanted(screen)) askToNotify()
    }

    /** Asks, once, whether progress may be shown while another app is used. */
    private fun askToNotify() {
        if (Build.VERSION.SDK_INT < TIRAMISU) return
        val permission = Manifest.permission.POST_NOTIFICATIONS
        val granted = PackageManager.PERMISSION_GRANTED
        if (checkSelfPermission(permission) == granted) return
        val kept = getPreferences(MODE_PRIVATE)
        if (kept.getBoolean(KEY_ASKED, false)) return
        kept.edit().putBoolean(KEY_ASKED, true).apply()
        requestPermissions(arrayOf(permission), NOTIFY)
    }

    private fun renderProgress(phase: Phase) {
        val done = (phase as? Phase.Restoring)?.progress
        progress.hide(!workshop.screen.isBusy && !workshop.screen.saving)
        progress.isIndeterminate = done == null || done.done == 0
        progress.max = done?.total ?: 0
        progress.progress = done?.done ?: 0
    }

    private fun showRows() {
        val after = workshop.after
        picture.showAfter(after?.bitmap, after?.share ?: 0f)
    }

    override fun onCreateOptionsMenu(menu: Menu): Boolean {
        menuInflater.inflate(R.menu.main, menu)
        return true
    }

    override fun onPrepareOptionsMenu(menu: Menu): Boolean {
        val usable = ::catalog.isInitialized
        menu.findItem(R.id.choose).isEnabled = usable
        menu.findItem(R.id.benchmark).isEnabled = usable
        menu.findItem(R.id.about).isEnabled = usable
        for (id in intArrayOf(R.id.save, R.id.share)) {
            menu.findItem(id).isVisible = workshop.screen.canSave
        }
        return super.onPrepareOptionsMenu(menu)
    }

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        when (item.itemId) {
            R.id.choose -> choosePhoto()
            R.id.save -> save(thenShare = false)
            R.id.share -> shareOrSave()
            R.id.benchmark -> open(BenchmarkActivity::class.java)
            R.id.about -> open(AboutActivity::class.java)
            else -> return super.onOptionsItemSelected(item)
        }
        return true
    }

    private fun open(screen: Class<out Activity>) =
        startActivity(Intent(this, screen))

    private fun choosePhoto() {
        val documents = Intent(Intent.ACTION_OPEN_DOCUMENT)
            .addCategory(Intent.CATEGORY_OPENABLE)
        val pickers = if (Build.VERSION.SDK_INT >= TIRAMISU) {
            listOf(Intent(MediaStore.ACTION_PICK_IMAGES), documents)
        } else {
            listOf(documents)
        }
        for (picker in pickers) {
            try {
                startActivityForResult(picker.setType("image/*"), PICK)
                return
            } catch (_: ActivityNotFoundException) {
                // The next one may be there.
            }
        }
        say(R.string.pick_nowhere)
    }

    /** Takes a photo that another app shares. */
    private fun take(intent: Intent) {
        // From the list of recent apps the photo of then comes again.
        val again = Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY
        if (intent.action != Intent.ACTION_SEND) return
        if (intent.flags and again != 0) return
        val uri = if (Build.VERSION.SDK_INT >= TIRAMISU) {
            intent.getParcelableExtra(Intent.EXTRA_STREAM, Uri::class.java)
        } else {
            @Suppress("DEPRECATION")
            intent.getParcelableExtra(Intent.EXTRA_STREAM)
        }
        uri?.let(workshop::pick)
    }

    private fun save(thenShare: Boolean) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            saveTo(null, thenShare)
            return
        }
        // Before Android 10 the gallery wants a permission, a place that is
        // chosen does not.
        val photo = workshop.photo ?: return
        val after = workshop.after ?: return
        val jpeg = Encoder.isJpeg(photo, after.fullWidth, after.fullHeight)
        val place = Intent(Intent.ACTION_CREATE_DOCUMENT)
            .addCategory(Intent.CATEGORY_OPENABLE)
            .setType(Gallery.typeOf(jpeg))
            .putExtra(Intent.EXTRA_TITLE, Encoder.nameOf(photo, jpeg))
        try {
            val request = if (thenShare) SAVE_AND_SHARE else SAVE
            startActivityForResult(place, request)
        } catch (_: ActivityNotFoundException) {
            say(R.string.save_nowhere)
        }
    }

    private fun saveTo(place: Uri?, thenShare: Boolean) {
        sharing = thenShare
        workshop.target = place
        workshop.dispatch(Event.Save)
    }

    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        super.onActivityResult(request, result, data)
        val uri = data?.data.takeIf { result == RESULT_OK } ?: return
        when (request) {
            PICK -> workshop.pick(uri)
            SAVE -> saveTo(uri, thenShare = false)
            SAVE_AND_SHARE -> saveTo(uri, thenShare = true)
        }
    }

    private fun shareOrSave() {
        val saved = workshop.saved
        if (saved == null) save(thenShare = true) else share(saved)
    }

    private fun share(uri: Uri) {
        val intent = Intent(Intent.ACTION_SEND)
            .setType(contentResolver.getType(uri) ?: "image/*")
            .putExtra(Intent.EXTRA_STREAM, uri)
            .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        startActivity(Intent.createChooser(intent, getString(R.string.share)))
    }

    private fun say(text: Int) =
        Toast.makeText(this, text, Toast.LENGTH_LONG).show()

    private companion object {
        const val PICK = 1
        const val SAVE = 2
        const val SAVE_AND_SHARE = 3
        const val NOTIFY = 4
        const val TIRAMISU = Build.VERSION_CODES.TIRAMISU
        const val KEY_SNAPSHOT = "snapshot"
        const val KEY_SHARING = "sharing"
        const val KEY_ASKED = "asked_to_notify"
    }
}
