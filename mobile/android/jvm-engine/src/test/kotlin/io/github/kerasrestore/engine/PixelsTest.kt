package io.github.kerasrestore.engine

import io.github.kerasrestore.core.MemoryImage
import io.github.kerasrestore.core.RestoreOptions
import io.github.kerasrestore.core.Restorer
import java.io.File
import kotlin.test.assertEquals
import org.json.JSONArray
import org.json.JSONObject
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory

/** Real inference gives what the Python runner gives, byte for byte. */
class PixelsTest {
    @TestFactory
    fun `pictures are those of Python`(): List<DynamicTest> {
        val list = JSONArray(File(Files.goldens, "pixels.json").readText())
        return List(list.length()) { list.getJSONObject(it) }.map { case ->
            DynamicTest.dynamicTest(case.getString("expected")) {
                compare(case)
            }
        }
    }

    private fun compare(case: JSONObject) {
        val model = Files.model(case.getString("model"))
        val image = Files.picture(case.getString("input"))
        val wanted = Files.picture(case.getString("expected"))
        val scale = model.sidecar.scale
        val found = MemoryImage(
            image.width * scale, image.height * scale, image.layout,
        )
        val sigma =
            if (case.isNull("sigma")) null else case.getDouble("sigma")
        JvmEngine(model).use { engine ->
            Restorer(model.sidecar, engine).restore(
                image,
                found,
                RestoreOptions(case.getDouble("strength"), sigma),
            )
        }
        assertEquals(wanted.layout, found.layout)
        assertSameBytes(wanted.bytes, found.bytes)
    }
}
