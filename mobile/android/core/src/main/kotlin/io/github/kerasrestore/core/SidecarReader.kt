package io.github.kerasrestore.core

import org.json.JSONArray
import org.json.JSONObject

/**
 * The checks of `sidecar.schema.json`, and of what one field demands of
 * another.
 */
internal class SidecarReader(private val json: JSONObject) {
    fun read(): Sidecar {
        checkFormat()
        REQUIRED.forEach { json.field(it) }
        json.choice("color_order", "RGB", "gray")
        checkConstants()
        checkCounts()
        val tile = json.list("tile", 2..2, "[height, width] in pixels") {
            asInteger(it, 1L..8192)?.toInt()
        }
        val sigmas = json.list("sigma_range", 2..2, "two noise levels") {
            asSigma(it)
        }
        val io = json.child("io", "an object with the types of the model")
        val sidecar = Sidecar(
            name = json.text("name", NAME, "a name of one line"),
            task = json.text("task", TASK, "a name like denoise"),
            channels = whole("channels", 1..3, "1 or 3"),
            scale = whole("scale", 1..8, "1 to 8"),
            sizeMultiple = whole("size_multiple", 1..256, "1 to 256"),
            receptiveField = whole("receptive_field", 0..16384, "0 to 16384"),
            halo = whole("halo", 0..8192, "0 to 8192"),
            tileHeight = tile[0],
            tileWidth = tile[1],
            dynamic = json.has("dynamic") && flag("dynamic"),
            sigmaInput = flag("sigma_input"),
            sigmaLow = sigmas[0],
            sigmaHigh = sigmas[1],
            quantization = json.choice(
                "quantization",
                "float32", "float16", "dynamic", "int8", "int16x8",
            ),
            imageType = type(io, "image"),
            restoredType = type(io, "restored"),
            macs = count("macs"),
            memoryBytes = count("memory_bytes"),
            sha256 = json.text(
                "sha256", SHA256, "a checksum of 64 hexadecimal digits",
            ),
            license = json.text("license", ANY, "a text"),
            selfTest = selfTest(),
        )
        checkTogether(sidecar, io)
        return sidecar
    }

    private fun checkFormat() {
        // Before the fields: another format may have others.
        if (!json.has("format")) return
        val format = json.get("format")
        if (asNumber(format) != Sidecar.FORMAT.toDouble()) {
            throw unlike(
                "format", format,
                "${Sidecar.FORMAT}, which this version reads",
            )
        }
    }

    private fun checkConstants() {
        val range = json.list("value_range", 2..2, "[0, 1]") { asNumber(it) }
        if (range != listOf(0.0, 1.0)) {
            throw unlike("value_range", range, "[0, 1]")
        }
        for ((key, wanted) in CONSTANTS) {
            if (json.has(key)) json.choice(key, wanted)
        }
        json.choice(
            "quantization_method",
            "none", "post_training", "quantization_aware",
        )
    }

    private fun checkCounts() {
        val counts = json.child("op_counts", "an object of counts")
        for (key in counts.keys()) {
            val count = asNumber(counts.get(key)) ?: -1.0
            if (count < 0 || count != Math.rint(count)) {
                throw unlike(key, counts.get(key), "a count")
            }
        }
        val versions = json.child("versions", "an object of version texts")
        for (key in versions.keys()) versions.text(key, ANY, "a text")
        json.child("quality", "an object of measured figures")
    }

    private fun whole(key: String, range: IntRange, wanted: String): Int =
        json.integer(key, range.first.toLong()..range.last, wanted).toInt()

    private fun count(key: String): Long =
        json.integer(key, 0..9007199254740991, "a count")

    private fun flag(key: String): Boolean {
        val value = json.field(key)
        return value as? Boolean ?: throw unlike(key, value, "true or false")
    }

    private fun type(io: JSONObject, key: String): ElementType {
        val labels = ElementType.values().map { it.label }.toTypedArray()
        val label = io.choice(key, *labels)
        return ElementType.values().first { it.label == label }
    }

    private fun asSigma(value: Any): Double? =
        asNumber(value)?.takeIf { it in 0.0..255.0 }

    private fun selfTest(): SelfTest? {
        if (!json.has("self_test")) return null
        val test = json.child("self_test", "an object")
        val sigma = asSigma(test.field("sigma"))
            ?: throw unlike("sigma", test.get("sigma"), "0 to 255")
        val tolerance = asNumber(test.field("tolerance"))
            ?.takeIf { it >= 0 }
            ?: throw unlike("tolerance", test.get("tolerance"), "0 or more")
        val pixels = test.list(
            "pixels", 1..1024, "pixels as [row, column, values]",
        ) { pixel(it) }
        return SelfTest(sigma.toFloat(), pixels, tolerance)
    }

    private fun pixel(value: Any): SelfTest.Pixel? {
        val parts = value as? JSONArray ?: return null
        if (parts.length() != 3) return null
        val values = (parts.get(2) as? JSONArray)
            ?.values(1..3) { asNumber(it) }
            ?: return null
        return SelfTest.Pixel(
            row = asInteger(parts.get(0), 0L..65535)?.toInt() ?: return null,
            column = asInteger(parts.get(1), 0L..65535)?.toInt()
                ?: return null,
            values = values,
        )
    }

    private fun checkTogether(sidecar: Sidecar, io: JSONObject) {
        val sides = listOf(sidecar.tileHeight, sidecar.tileWidth)
        val multiple = sidecar.sizeMultiple
        val halo = sidecar.halo
        val field = sidecar.receptiveField
        if (sidecar.channels == 2) throw unlike("channels", 2, "1 or 3")
        if (sides.any { it % multiple != 0 }) {
            throw unlike("tile", sides, "multiples of $multiple")
        }
        if (halo % multiple != 0 || 2 * halo >= sides.min()) {
            throw Fault("'halo' $halo does not fit a tile of $sides")
        }
        if (field > 0 && halo != roundUp(field / 2, multiple)) {
            throw Fault(
                "'halo' $halo does not fit a receptive field of $field",
            )
        }
        if (field == 0 && halo > sides.min() / 4) {
            throw Fault(
                "'halo' $halo does not fit a model that sees the whole tile " +
                    "of $sides",
            )
        }
        val order = if (sidecar.channels == 3) "RGB" else "gray"
        if (json.get("color_order") != order) {
            throw unlike("color_order", json.get("color_order"), order)
        }
        if (sidecar.sigmaInput != io.has("sigma")) {
            throw Fault("'io' and 'sigma_input' do not agree on 'sigma'")
        }
        if (io.has("sigma")) io.choice("sigma", "float32")
        if (sidecar.sigmaLow > sidecar.sigmaHigh) {
            throw Fault("'sigma_range' does not have the lower level first")
        }
        for (pixel in sidecar.selfTest?.pixels.orEmpty()) {
            val outside = pixel.row >= sidecar.tileHeight * sidecar.scale ||
                pixel.column >= sidecar.tileWidth * sidecar.scale ||
                pixel.values.size != sidecar.channels
            if (outside) throw Fault("'self_test' has a pixel out of a tile")
        }
    }

    private companion object {
        val NAME =
            Regex("[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,200}")
        val TASK = Regex("[a-z][a-z0-9_]{0,99}")
        val SHA256 = Regex("[0-9a-f]{64}")
        val ANY = Regex("[\\s\\S]*")
        val CONSTANTS = mapOf(
            "border" to "reflect",
            "rounding" to "float32, half to even",
        )
        val REQUIRED = listOf(
            "format", "name", "task", "channels", "color_order", "scale",
            "value_range", "size_multiple", "receptive_field", "halo",
            "tile", "sigma_input", "sigma_range", "quantization",
            "quantization_method", "io", "macs", "memory_bytes",
            "op_counts", "sha256", "license", "quality", "versions",
        )
    }
}
