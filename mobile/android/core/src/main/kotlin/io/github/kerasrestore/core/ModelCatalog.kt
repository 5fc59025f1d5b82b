package io.github.kerasrestore.core

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.security.MessageDigest
import org.json.JSONObject

/**
 * The file `models.json`: which models there are.
 *
 * @property models in the order in which they are offered; at least one.
 * @property default the one that is taken unless another is chosen.
 */
class ModelCatalog private constructor(
    val models: List<ModelEntry>,
    val default: ModelEntry,
) {
    /** The model of that name, the default one if there is none. */
    fun find(name: String?): ModelEntry =
        models.firstOrNull { it.name == name } ?: default

    /**
     * Reads a model and its sidecar and looks whether they are the ones that
     * the catalogue lists.
     *
     * @param entry which.
     * @param open opens a file of the folder by its name.
     * @throws Refusal if a file is missing, damaged, of another kind or not
     *   what the catalogue or the sidecar speak of.
     */
    fun load(entry: ModelEntry, open: (String) -> InputStream): ModelFile {
        val text = read(entry.sidecar, LARGEST_TEXT, open)
        checkSum(text, entry.sidecarSha256, entry.sidecar, FILE)
        val sidecar = Sidecar.parse(decode(text), entry.sidecar)
        if (sidecar.task !in TASKS) {
            throw Refusal(
                "${entry.title} is made for ${sidecar.task}, not for photos; " +
                    "choose another model.",
            )
        }
        if (sidecar.dynamic) {
            throw Refusal(
                "${entry.title} has no fixed tile and cannot run on this " +
                    "device; choose another model.",
            )
        }
        val content = read(entry.tflite, entry.bytes, open)
        checkSum(content, entry.sha256, entry.tflite, FILE)
        checkSum(content, sidecar.sha256, entry.tflite, entry.sidecar)
        return ModelFile(entry, sidecar, content)
    }

    companion object {
        /** The format that this version reads. */
        const val FORMAT = 1

        /** The name of the file. */
        const val FILE = "models.json"

        // A mosaic of a sensor, for example, is no photo.
        private val TASKS = setOf("denoise", "jpeg", "super_resolution")
        private const val LARGEST_TEXT = 1L shl 20
        private const val LARGEST_MODEL = 1L shl 30
        private val SHA256 = Regex("[0-9a-f]{64}")
        private val LINE =
            Regex("[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,200}")

        // A name in the folder, never a way out of it.
        private val FILE_NAME = Regex("[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")

        /**
         * Reads the catalogue.
         *
         * @param open opens a file of the folder by its name.
         * @throws Refusal if it is missing or damaged.
         */
        fun read(open: (String) -> InputStream): ModelCatalog =
            parse(decode(read(FILE, LARGEST_TEXT, open)))

        /**
         * Reads the text of `models.json`.
         *
         * @throws Refusal with the first thing that is wrong.
         */
        fun parse(text: String): ModelCatalog =
            try {
                parse(parseJsonObject(text))
            } catch (fault: Fault) {
                throw Refusal(
                    "The list of models cannot be read (${fault.message}); " +
                        "install the app again.",
                    fault,
                )
            }

        private fun parse(json: JSONObject): ModelCatalog {
            json.integer("format", FORMAT.toLong()..FORMAT, "$FORMAT")
            val models = json.list("models", 1..1000, "a list of models") {
                entry(it as? JSONObject ?: return@list null)
            }
            val names = models.map { it.name }
            if (names.distinct().size != names.size) {
                throw Fault("two models have one name")
            }
            val name = json.text("default", LINE, "the name of a model")
            val default = models.firstOrNull { it.name == name }
                ?: throw unlike("default", name, "the name of a model")
            return ModelCatalog(models, default)
        }

        private fun entry(json: JSONObject) = ModelEntry(
            name = json.text("name", LINE, "a name of one line"),
            title = json.text("title", LINE, "a title of one line"),
            tflite = json.text("tflite", FILE_NAME, "a file name"),
            sidecar = json.text("sidecar", FILE_NAME, "a file name"),
            bytes = json.integer("bytes", 1..LARGEST_MODEL, "a size"),
            sha256 = json.text("sha256", SHA256, "a checksum"),
            sidecarSha256 = json.text(
                "sidecar_sha256", SHA256, "a checksum",
            ),
        )

        private fun read(
            name: String,
            most: Long,
            open: (String) -> InputStream,
        ): ByteArray {
            try {
                open(name).use { stream ->
                    val into = ByteArrayOutputStream()
                    val buffer = ByteArray(1 shl 16)
                    while (into.size() <= most) {
                        val count = stream.read(buffer)
                        if (count < 0) return into.toByteArray()
                        into.write(buffer, 0, count)
                    }
                }
            } catch (error: IOException) {
                throw Refusal(
                    "The file $name is missing or cannot be read; install " +
                        "the app again.",
                    error,
                )
            }
            throw Refusal(
                "The file $name is larger than it should be; install the " +
                    "app again.",
            )
        }

        private fun decode(bytes: ByteArray): String =
            String(bytes, Charsets.UTF_8)

        private fun checkSum(
            content: ByteArray,
            wanted: String,
            name: String,
            teller: String,
        ) {
            if (sha256(content) != wanted) {
                throw Refusal(
                    "The file $name is not the one that $teller speaks of; " +
                        "install the app again.",
                )
            }
        }

        private fun sha256(content: ByteArray): String =
            MessageDigest.getInstance("SHA-256").digest(content)
                .joinToString("") { byte ->
                    ((byte.toInt() and 0xff) + 0x100).toString(16).drop(1)
                }
    }
}
