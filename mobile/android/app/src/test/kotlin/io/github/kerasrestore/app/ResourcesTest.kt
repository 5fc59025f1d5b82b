package io.github.kerasrestore.app

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.w3c.dom.Element

class ResourcesTest {
    private val main = File("src/main")

    @Test
    fun `every text has its translation, with the same places`() {
        val english = strings("values")
        val german = strings("values-de")
        assertEquals(english.keys, german.keys)
        for ((name, text) in german) {
            assertEquals(places(english.getValue(name)), places(text), name)
        }
    }

    @Test
    fun `only what the work needs is asked for and nothing else is open`() {
        val manifest = parse(File(main, "AndroidManifest.xml"))
        val asked = manifest.elements("uses-permission")
            .filter { it.getAttribute("tools:node") != "remove" }
            .map { it.getAttribute("android:name") }
        val expected = File("permissions.txt").readLines()
        assertEquals(expected.sorted(), asked.sorted())
        val open = manifest.elements("activity")
            .filter { it.getAttribute("android:exported") != "false" }
            .map { it.getAttribute("android:name") }
        assertEquals(listOf(".MainActivity"), open)
    }

    @Test
    fun `what is touched has a name for screen readers`() {
        val touched = setOf("Button", "SeekBar", "Spinner", "ProgressBar")
        val files = File(main, "res").walk()
            .filter { it.parentFile.name.startsWith("layout") && it.isFile }
        for (file in files) {
            val all = parse(file).elements("*")
            val labelled = all.map { it.getAttribute("android:labelFor") }
                .map { it.substringAfter('/') }
            for (element in all.filter { it.tagName in touched }) {
                val id = element.getAttribute("android:id")
                val named = element.hasAttribute("android:text") ||
                    element.hasAttribute("android:contentDescription") ||
                    id.substringAfter('/') in labelled
                assertTrue(named, "${file.name}: $id")
            }
        }
    }

    private fun strings(folder: String): Map<String, String> =
        parse(File(main, "res/$folder/strings.xml")).elements("string")
            .filter { it.getAttribute("translatable") != "false" }
            .associate { it.getAttribute("name") to it.textContent }

    private fun places(text: String): List<String> =
        Regex("%\\d\\$[ds]|%%").findAll(text).map { it.value }.toList().sorted()

    private fun parse(file: File): Element =
        DocumentBuilderFactory.newInstance().newDocumentBuilder()
            .parse(file).documentElement

    private fun Element.elements(tag: String): List<Element> {
        val nodes = getElementsByTagName(tag)
        return List(nodes.length) { nodes.item(it) as Element }
    }
}
