package io.github.kerasrestore.app.work

import java.io.File
import kotlin.io.path.createTempDirectory
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class WorkFolderTest {
    private val cache: File = createTempDirectory().toFile()
    private val folder = WorkFolder(cache)

    @AfterTest
    fun clean() {
        cache.deleteRecursively()
    }

    @Test
    fun `a photo keeps its name`() {
        assertEquals("IMG 1234.jpg", folder.place("IMG 1234.jpg").name)
    }

    @Test
    fun `no name leads out of the folder`() {
        val names = listOf(
            "../../evil.jpg", "..", ".", "", "/etc/passwd", "a\u0000b", "x\\y",
            "\n", ".result", "n".repeat(5000) + ".jpg",
        )
        for (name in names) {
            val place = folder.place(name)
            val inside = place.canonicalFile.parentFile.parentFile
            assertEquals(File(cache, "work").canonicalFile, inside, name)
            assertFalse(place.name.startsWith("."), name)
            assertTrue(place.name.length in 1..100, name)
            val others =
                listOf(folder.resultOf(place, 1), folder.exportOf(place, true))
            assertFalse(place in others, name)
        }
    }

    @Test
    fun `only the photo in work stays`() {
        val places = List(3) {
            folder.place("a.jpg").also { place ->
                place.parentFile.mkdirs()
                place.writeText("photo")
                folder.resultOf(place, 1).writeText("result")
            }
        }
        folder.keepOnly(places[1])
        assertEquals(listOf(false, true, false), places.map { it.exists() })
        assertTrue(folder.resultOf(places[1], 1).exists())
        folder.keepOnly(null)
        assertEquals(0, File(cache, "work").list()?.size)
    }
}
