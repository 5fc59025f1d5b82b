package io.github.kerasrestore.core

import java.io.File
import org.json.JSONArray
import org.json.JSONObject

/** The golden vectors that Python wrote. */
object Goldens {
    private val folder = File(
        checkNotNull(System.getProperty("goldens")) {
            "The property 'goldens' is the folder mobile/models/goldens."
        },
    )

    fun text(name: String): String = File(folder, name).readText()

    fun objects(name: String): List<JSONObject> =
        JSONArray(text(name)).let { list ->
            List(list.length()) { list.getJSONObject(it) }
        }
}

fun JSONArray.doubles(): List<Double> = List(length()) { getDouble(it) }

fun JSONArray.ints(): List<Int> = List(length()) { getInt(it) }

/** A double of the goldens holds a float32 exactly. */
fun JSONArray.floats(): FloatArray = FloatArray(length()) {
    getDouble(it).toFloat()
}
