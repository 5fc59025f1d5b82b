package io.github.kerasrestore.app

import android.content.Intent
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import io.github.kerasrestore.app.work.Models
import io.github.kerasrestore.core.Accelerator
import org.junit.Assert.assertNotNull
import org.junit.Test
import org.junit.runner.RunWith

/** On a device or an emulator: the app opens and its models run. */
@RunWith(AndroidJUnit4::class)
class SmokeTest {
    private val instrumentation = InstrumentationRegistry.getInstrumentation()
    private val context = instrumentation.targetContext

    @Test
    fun theMainScreenOpens() {
        val intent = Intent(context, MainActivity::class.java)
            .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        val activity = instrumentation.startActivitySync(intent)
        instrumentation.waitForIdleSync()
        assertNotNull(activity.findViewById(R.id.picture))
        activity.finish()
    }

    @Test
    fun everyModelGivesItsKnownAnswer() {
        val models = Models(context.assets)
        try {
            for (entry in models.catalog.models) {
                // Refuses what does not give the answer in its sidecar.
                models.use(entry, Accelerator.CPU) {}
            }
        } finally {
            models.close()
        }
    }
}
