package io.github.kerasrestore.core

import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject
import org.json.JSONTokener

// Reading JSON without the conversions of org.json, which takes "3" for a 3
// and whose versions on phones and desktops differ in what they forgive.

// A sidecar takes two thousand bytes; what is far beyond is something else.
private const val LARGEST = 1 shl 20
private const val LONGEST_SHOWN = 60
private const val LARGEST_INTEGER = 9007199254740991.0

/**
 * The object that a text holds.
 *
 * @throws Fault if it holds something else.
 */
internal fun parseJsonObject(text: String): JSONObject {
    if (text.length > LARGEST) throw Fault("it is larger than any such file")
    try {
        val tokener = JSONTokener(text)
        val value = tokener.nextValue()
        if (tokener.nextClean() != '\u0000') {
            throw Fault("something follows its end")
        }
        return value as? JSONObject ?: throw Fault("it is not an object")
    } catch (error: JSONException) {
        throw Fault(shortened(error.message.orEmpty()), error)
    } catch (error: StackOverflowError) {
        throw Fault("it is nested too deeply", error)
    }
}

/** The field, which has to be there. */
internal fun JSONObject.field(key: String): Any =
    if (has(key)) get(key) else throw Fault("it has no '$key'")

/** The field as a whole number; 384.0 is one. */
internal fun JSONObject.integer(
    key: String,
    range: LongRange,
    wanted: String,
): Long = asInteger(field(key), range)
    ?: throw unlike(key, field(key), wanted)

/** The field as a text that is one of a few. */
internal fun JSONObject.choice(key: String, vararg choices: String): String {
    val value = field(key)
    if (value is String && value in choices) return value
    throw unlike(key, value, choices.joinToString(" or "))
}

/** The field as a text. */
internal fun JSONObject.text(
    key: String,
    pattern: Regex,
    wanted: String,
): String {
    val value = field(key)
    if (value is String && pattern.matches(value)) return value
    throw unlike(key, value, wanted)
}

/** The field as an object. */
internal fun JSONObject.child(key: String, wanted: String): JSONObject =
    field(key) as? JSONObject ?: throw unlike(key, field(key), wanted)

/** The field as a list of values that all pass, as many as wanted. */
internal fun <T : Any> JSONObject.list(
    key: String,
    size: IntRange,
    wanted: String,
    read: (Any) -> T?,
): List<T> {
    val value = field(key)
    return (value as? JSONArray)?.values(size, read)
        ?: throw unlike(key, value, wanted)
}

/** The values, or `null` if they are too few, too many or not as wanted. */
internal fun <T : Any> JSONArray.values(
    size: IntRange,
    read: (Any) -> T?,
): List<T>? {
    if (length() !in size) return null
    return (0 until length()).map { read(get(it)) ?: return null }
}

internal fun asInteger(value: Any, range: LongRange): Long? {
    val number = asNumber(value) ?: return null
    if (number != Math.rint(number)) return null
    // Beyond this, numbers of JSON are not exact.
    if (number < -LARGEST_INTEGER || number > LARGEST_INTEGER) return null
    return number.toLong().takeIf { it in range }
}

internal fun asNumber(value: Any): Double? =
    (value as? Number)?.toDouble()?.takeIf { !it.isNaN() && !it.isInfinite() }

internal fun unlike(key: String, value: Any, wanted: String): Fault =
    Fault("'$key' is ${shortened(shown(value))}, wanted is $wanted")

private fun shown(value: Any): String =
    if (value is String) "'$value'" else value.toString()

/** On one line and not too long: it may be a stranger's. */
private fun shortened(text: String): String {
    val line = text.map { if (it.isISOControl()) ' ' else it }.joinToString("")
    if (line.length <= LONGEST_SHOWN) return line
    return line.take(LONGEST_SHOWN - 3) + "..."
}
