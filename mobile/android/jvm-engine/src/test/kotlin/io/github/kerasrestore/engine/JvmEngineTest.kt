package io.github.kerasrestore.engine

import io.github.kerasrestore.core.Cancellation
import io.github.kerasrestore.core.Event
import io.github.kerasrestore.core.MemoryImage
import io.github.kerasrestore.core.ModelEntry
import io.github.kerasrestore.core.ModelFile
import io.github.kerasrestore.core.OutputCheck
import io.github.kerasrestore.core.PixelLayout
import io.github.kerasrestore.core.Progress
import io.github.kerasrestore.core.RawImageWriter
import io.github.kerasrestore.core.Refusal
import io.github.kerasrestore.core.Restorer
import io.github.kerasrestore.core.SelfTest
import io.github.kerasrestore.core.Sidecar
import io.github.kerasrestore.core.Worker
import java.io.ByteArrayInputStream
import java.io.File
import java.io.InputStream
import java.security.MessageDigest
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONObject

class JvmEngineTest {
    @Test
    fun `every model passes its self-test and agrees with itself`() {
        for (entry in Files.catalog.models) {
            val model = Files.model(entry.name)
            JvmEngine(model).use { one ->
                SelfTest.run(model.sidecar, one, entry.title)
                JvmEngine(model, threads = 1).use { other ->
                    val check = OutputCheck.run(model.sidecar, one, other)
                    assertEquals(OutputCheck(0.0, 0.0), check, entry.name)
                }
            }
        }
    }

    @Test
    fun `a sidecar that speaks of another answer is found out`() {
        val model = changed { json ->
            val test = json.getJSONObject("self_test")
            test.getJSONArray("pixels").getJSONArray(3).getJSONArray(2)
                .put(1, 0.9)
        }
        JvmEngine(model).use { engine ->
            val error = assertFailsWith<Refusal> {
                SelfTest.run(model.sidecar, engine, "The model")
            }
            assertTrue("does not restore here" in error.sentence)
        }
    }

    @Test
    fun `the tiles change nothing`() {
        val image = noise(70, 40)
        for (name in listOf(COLOR, COLOR_INT8)) {
            // The whole picture in one tile, and in tiles of a core of 32.
            val whole = Files.model(name)
            val tiled = changed(name) {
                it.put("halo", 176).put("receptive_field", 352)
            }
            assertSameBytes(restore(whole, image), restore(tiled, image))
        }
    }

    private fun restore(model: ModelFile, image: MemoryImage): ByteArray {
        val result = MemoryImage(image.width, image.height, image.layout)
        JvmEngine(model).use { engine ->
            Restorer(model.sidecar, engine).restore(image, result)
        }
        return result.bytes
    }

    @Test
    fun `a cancelled job leaves no thread and no file`() {
        val folder = kotlin.io.path.createTempDirectory("cancel").toFile()
        val model = Files.model(COLOR_INT8)
        val image = noise(400, 1300)
        val events = mutableListOf<Event>()
        val running = CountDownLatch(1)
        val worker = Worker("restore-test")
        worker.start(1, { events += it }) { cancellation ->
            restoreTo(folder, model, image, cancellation) {
                if (it.done == 1) running.countDown()
            }
            Event.Restored(1, "result")
        }
        assertTrue(running.await(60, TimeUnit.SECONDS))
        worker.stop(1)
        worker.close()
        assertEquals(emptyList<Event>(), events)
        assertContentEquals(emptyArray(), folder.list())
        val names = Thread.getAllStackTraces().keys.map { it.name }
        assertTrue("restore-test" !in names)
        folder.delete()
    }

    private fun restoreTo(
        folder: File,
        model: ModelFile,
        image: MemoryImage,
        cancellation: Cancellation,
        onProgress: (Progress) -> Unit,
    ) {
        JvmEngine(model).use { engine ->
            val (width, height) = image.width to image.height
            RawImageWriter(File(folder, "r"), width, height, image.layout)
                .use { sink ->
                    Restorer(model.sidecar, engine).restore(
                        image,
                        sink,
                        cancellation = cancellation,
                        onProgress = onProgress,
                    )
                }
        }
    }

    @Test
    fun `a model of another shape or type is refused in a sentence`() {
        val changes = listOf<(JSONObject) -> Unit>(
            { it.put("tile", listOf(256, 256)) },
            { it.put("channels", 1).put("color_order", "gray") },
            { it.put("scale", 2).remove("self_test") },
            { it.getJSONObject("io").put("image", "uint8") },
            { it.getJSONObject("io").put("restored", "uint8") },
            {
                it.put("sigma_input", true)
                it.getJSONObject("io").put("sigma", "float32")
            },
        )
        for (change in changes) {
            val model = changed {
                it.remove("self_test")
                change(it)
            }
            val error = assertFailsWith<Refusal> { JvmEngine(model) }
            assertTrue("its sidecar speaks of" in error.sentence)
        }
    }

    @Test
    fun `files that are no models are refused in a sentence`() {
        val sound = Files.model(COLOR_INT8).content
        val damaged = listOf(
            ByteArray(0),
            ByteArray(1),
            "This is a text.".repeat(100).toByteArray(),
            ByteArray(5000),
            Random(1).nextBytes(5000),
            sound.copyOf(sound.size / 2),
            sound.copyOf(100),
            // The table of contents, where everything is said to be.
            sound.copyOf().also { it.fill(-1, 0, 4) },
        )
        for (content in damaged) {
            val error = assertFailsWith<Refusal> {
                JvmEngine(changed(content = content) {})
            }
            assertTrue(
                error.sentence.startsWith("changed is not a model that"),
                error.sentence,
            )
        }
    }

    @Test
    fun `a damaged file is found before LiteRT sees it`() {
        val entry = Files.catalog.find(COLOR_INT8)
        val damaged: (String) -> InputStream = { name ->
            val bytes = Files.open(name).readBytes()
            if (name == entry.tflite) bytes[bytes.size / 2]++
            ByteArrayInputStream(bytes)
        }
        val error = assertFailsWith<Refusal> {
            Files.catalog.load(entry, open = damaged)
        }
        assertTrue("is not the one that models.json" in error.sentence)
    }

    @Test
    fun `a library that is not there is told in a sentence`() {
        for (location in listOf(null, "", "/no/such/libLiteRt.so")) {
            val error = assertFailsWith<Refusal> {
                LiteRtLibrary.load(location)
            }
            assertTrue("set LITERT_LIBRARY to" in error.sentence)
        }
        val error = assertFailsWith<Refusal> {
            LiteRtLibrary.load(File(Files.goldens, "pixels.json").path)
        }
        assertTrue("cannot be loaded" in error.sentence)
    }

    /** A model with another content or sidecar. */
    private fun changed(
        name: String = COLOR_INT8,
        content: ByteArray = Files.model(name).content,
        change: (JSONObject) -> Unit,
    ): ModelFile {
        val source = Files.catalog.find(name)
        val json = JSONObject(Files.open(source.sidecar).reader().readText())
        val sum = sha256(content)
        change(json.put("sha256", sum))
        val text = json.toString().toByteArray()
        val entry = ModelEntry(
            "changed", "changed", "m.tflite", "m.json",
            maxOf(1L, content.size.toLong()), sum, sha256(text),
        )
        return ModelFile(entry, Sidecar.parse(String(text)), content)
    }

    private fun sha256(bytes: ByteArray): String =
        MessageDigest.getInstance("SHA-256").digest(bytes)
            .joinToString("") { "%02x".format(it) }

    private fun noise(width: Int, height: Int) = MemoryImage(
        width,
        height,
        PixelLayout.RGB,
        Random(0).nextBytes(3 * width * height),
    )

    private companion object {
        const val COLOR = "danet_mobile_denoise_color_blind_bsd400"
        const val COLOR_INT8 = "${COLOR}_int8"
    }
}
