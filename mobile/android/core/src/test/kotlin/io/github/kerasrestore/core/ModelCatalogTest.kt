package io.github.kerasrestore.core

import java.io.ByteArrayInputStream
import java.io.FileNotFoundException
import java.io.InputStream
import java.security.MessageDigest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject

class ModelCatalogTest {
    private val content = "a model".toByteArray()
    private val sidecar =
        Sidecars.json("sha256" to sha256(content)).toString().toByteArray()

    @Test
    fun `a model is found and loaded`() {
        val catalog = ModelCatalog.parse(json().toString())
        assertEquals("a", catalog.default.name)
        assertEquals("b", catalog.find("b").name)
        assertEquals("a", catalog.find("gone").name)
        assertEquals("a", catalog.find(null).name)
        val model = catalog.load(catalog.default, open = open())
        assertEquals("tiny", model.sidecar.name)
        assertContentEquals(content, model.content)
    }

    @Test
    fun `lists that are damaged are refused`() {
        val first = json().getJSONArray("models").getJSONObject(0)
        val damaged = listOf(
            json().put("format", 2),
            json().put("models", JSONArray()),
            json().put("models", "a"),
            json().put("default", "c"),
            json().put("models", JSONArray(listOf(first, first))),
            json().put("models", JSONArray(listOf(7))),
        ) + listOf(
            "name" to "", "title" to "two\nlines", "tflite" to "../a.tflite",
            "tflite" to "/a", "tflite" to "..", "sidecar" to "a/b.json",
            "bytes" to 0, "bytes" to (1L shl 40), "sha256" to "0",
            "sidecar_sha256" to JSONObject.NULL, "bytes" to "818672",
        ).map { (key, value) ->
            json().apply {
                getJSONArray("models").getJSONObject(1).put(key, value)
            }
        }
        for (text in damaged.map { it.toString() } + listOf("", "[]", "{")) {
            val error = assertFailsWith<Refusal>(text) {
                ModelCatalog.parse(text)
            }
            assertSentence(error.sentence)
            assertTrue("list of models" in error.sentence)
        }
    }

    @Test
    fun `files that do not belong together are refused`() {
        val other = "b model".toByteArray()
        assertRefused("m.tflite is not the one", "m.tflite" to other)
        assertRefused("m.tflite is larger", "m.tflite" to ByteArray(99))
        assertRefused("m.json is not the one", "m.json" to "{}".toByteArray())
        assertRefused("m.tflite is missing", "m.tflite" to null)
        assertRefused("m.json is missing", "m.json" to null)
        // The list agrees with the sidecar, the sidecar not with the model.
        val foreign = Sidecars.json().toString().toByteArray()
        assertRefused("m.json speaks of", "m.json" to foreign) {
            it.copy(sidecarSha256 = sha256(foreign))
        }
        val newer = Sidecars.json("format" to 2).toString().toByteArray()
        assertRefused("'format' is 2", "m.json" to newer) {
            it.copy(sidecarSha256 = sha256(newer))
        }
    }

    @Test
    fun `models that this app cannot use are refused`() {
        for ((change, part) in listOf(
            ("task" to "demosaic") to "is made for demosaic, not for photos",
            ("dynamic" to true) to "has no fixed tile",
        )) {
            val text = Sidecars.json("sha256" to sha256(content), change)
                .toString().toByteArray()
            assertRefused(part, "m.json" to text) {
                it.copy(sidecarSha256 = sha256(text))
            }
        }
    }

    @Test
    fun `models of all that is done to photos are taken`() {
        for (task in listOf("denoise", "jpeg", "super_resolution")) {
            val scale = if (task == "super_resolution") 2 else 1
            val text = Sidecars.json(
                "sha256" to sha256(content), "task" to task, "scale" to scale,
            ).toString().toByteArray()
            val catalog = ModelCatalog.parse(json().toString())
            val loaded = catalog.load(
                catalog.default.copy(sidecarSha256 = sha256(text)),
                open("m.json" to text),
            )
            assertEquals(scale, loaded.sidecar.scale)
        }
    }

    @Test
    fun `a missing list is told in a sentence`() {
        val error = assertFailsWith<Refusal> {
            ModelCatalog.read { throw FileNotFoundException(it) }
        }
        assertEquals(
            "The file models.json is missing or cannot be read; install the " +
                "app again.",
            error.sentence,
        )
        assertEquals(
            2,
            ModelCatalog.read {
                ByteArrayInputStream(json().toString().toByteArray())
            }.models.size,
        )
    }

    private fun assertRefused(
        part: String,
        file: Pair<String, ByteArray?>,
        change: (ModelEntry) -> ModelEntry = { it },
    ) {
        val catalog = ModelCatalog.parse(json().toString())
        val error = assertFailsWith<Refusal> {
            catalog.load(change(catalog.default), open = open(file))
        }
        assertSentence(error.sentence)
        assertTrue(part in error.sentence, error.sentence)
    }

    private fun open(
        vararg changes: Pair<String, ByteArray?>,
    ): (String) -> InputStream {
        val files = mapOf("m.tflite" to content, "m.json" to sidecar) + changes
        return { name ->
            ByteArrayInputStream(
                files[name] ?: throw FileNotFoundException(name),
            )
        }
    }

    private fun json(): JSONObject = JSONObject()
        .put("format", 1)
        .put("default", "a")
        .put("models", JSONArray(listOf(entry("a"), entry("b"))))

    private fun entry(name: String) = JSONObject()
        .put("name", name)
        .put("title", "Model $name")
        .put("tflite", "m.tflite")
        .put("sidecar", "m.json")
        .put("bytes", content.size)
        .put("sha256", sha256(content))
        .put("sidecar_sha256", sha256(sidecar))

    private fun sha256(bytes: ByteArray): String =
        MessageDigest.getInstance("SHA-256").digest(bytes)
            .joinToString("") { "%02x".format(it) }
}
