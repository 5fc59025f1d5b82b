package io.github.kerasrestore.core

import java.io.File
import java.io.IOException
import java.nio.file.Files
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertFailsWith

class RawImageTest {
    private val folder = Files.createTempDirectory("raw").toFile()
    private val file = File(folder, "picture.raw")
    private val image = noise(7, 5, PixelLayout.RGBA)

    @AfterTest
    fun clean() {
        folder.deleteRecursively()
    }

    private fun write(rows: Int) =
        RawImageWriter(file, 7, 5, PixelLayout.RGBA).use { writer ->
            writer.write(rows, image.bytes)
            writer.finish()
        }

    @Test
    fun `what is written is read, whole or in part`() {
        write(rows = 5)
        assertContentEquals(arrayOf("picture.raw"), folder.list())
        RawImage(file, 7, 5, PixelLayout.RGBA).use { raw ->
            for ((left, top, columns, rows) in listOf(
                listOf(0, 0, 7, 5), listOf(0, 1, 7, 2), listOf(2, 3, 4, 2),
            )) {
                val wanted = ByteArray(columns * rows * 4)
                val found = ByteArray(columns * rows * 4)
                image.read(left, top, columns, rows, wanted)
                raw.read(left, top, columns, rows, found)
                assertContentEquals(wanted, found)
            }
        }
    }

    @Test
    fun `a picture that is not finished leaves no file`() {
        assertFailsWith<IOException> { write(rows = 4) }
        assertContentEquals(emptyArray(), folder.list())
        RawImageWriter(file, 7, 5, PixelLayout.RGBA).close()
        assertContentEquals(emptyArray(), folder.list())
    }

    @Test
    fun `an older file is replaced whole or not at all`() {
        file.writeText("older")
        assertFailsWith<IOException> { write(rows = 1) }
        assertContentEquals("older".toByteArray(), file.readBytes())
        write(rows = 5)
        assertContentEquals(image.bytes, file.readBytes())
    }

    @Test
    fun `a file of another size is refused`() {
        file.writeText("short")
        assertFailsWith<IOException> {
            RawImage(file, 7, 5, PixelLayout.RGBA)
        }
    }
}
