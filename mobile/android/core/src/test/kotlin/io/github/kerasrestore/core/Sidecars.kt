package io.github.kerasrestore.core

import org.json.JSONArray
import org.json.JSONObject

/** Sidecars for tests: a valid one with some fields changed. */
object Sidecars {
    const val SHA256 =
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    fun json(vararg changes: Pair<String, Any?>): JSONObject {
        val json = JSONObject(
            """
            {"format": 1, "name": "tiny", "task": "denoise", "channels": 1,
             "color_order": "gray", "scale": 1, "value_range": [0.0, 1.0],
             "size_multiple": 1, "receptive_field": 9, "halo": 4,
             "tile": [24, 20], "border": "reflect",
             "rounding": "float32, half to even", "sigma_input": false,
             "sigma_range": [0.0, 55.0], "quantization": "float32",
             "quantization_method": "none",
             "io": {"image": "float32", "restored": "float32"},
             "macs": 1000, "memory_bytes": 2000,
             "op_counts": {"CONV_2D": 3}, "sha256": "$SHA256",
             "license": "MIT", "quality": {}, "versions": {"keras": "3"}}
            """,
        )
        for ((key, value) in changes) {
            if (value == null) json.remove(key) else json.put(key, value)
        }
        return json
    }

    fun of(vararg changes: Pair<String, Any?>): Sidecar =
        Sidecar.parse(json(*changes).toString())

    /** A colour model. */
    fun color(vararg changes: Pair<String, Any?>): Sidecar =
        of("channels" to 3, "color_order" to "RGB", *changes)

    fun io(image: String, restored: String, sigma: Boolean = false) =
        JSONObject().put("image", image).put("restored", restored).apply {
            if (sigma) put("sigma", "float32")
        }

    fun array(vararg values: Any) = JSONArray(values.toList())
}
