package io.github.kerasrestore.app.photo

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.io.DataOutputStream
import java.io.File
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertNull

/** What a file of those bytes tells. */
fun headerOf(bytes: ByteArray): FileHeader {
    val file = File.createTempFile("header", null)
    try {
        file.writeBytes(bytes)
        return FileHeader.read(file)
    } finally {
        file.delete()
    }
}

class FileHeaderTest {
    private val profile = ByteArray(70_000) { (it * it).toByte() }

    @Test
    fun `gray is told from colour`() {
        for (kind in listOf("jpg", "png")) {
            for ((type, gray) in listOf(
                BufferedImage.TYPE_BYTE_GRAY to true,
                BufferedImage.TYPE_3BYTE_BGR to false,
            )) {
                val out = ByteArrayOutputStream()
                ImageIO.write(BufferedImage(9, 5, type), kind, out)
                val header = headerOf(out.toByteArray())
                assertEquals(gray, header.gray, "$kind $gray")
                assertNull(header.profile)
            }
        }
    }

    @Test
    fun `a profile in several segments of a JPEG is put together`() {
        val jpeg = ByteArrayOutputStream()
        ImageIO.write(
            BufferedImage(4, 4, BufferedImage.TYPE_3BYTE_BGR), "jpg", jpeg,
        )
        val plain = jpeg.toByteArray()
        val out = ByteArrayOutputStream()
        DataOutputStream(out).apply {
            write(plain, 0, 2)
            val second = profile.copyOfRange(40_000, profile.size)
            // The order of the numbers counts, not that of the file.
            segment(2, second)
            segment(1, profile.copyOf(40_000))
            write(plain, 2, plain.size - 2)
        }
        assertContentEquals(profile, headerOf(out.toByteArray()).profile)
    }

    @Test
    fun `a profile in a WebP is found`() {
        val out = ByteArrayOutputStream()
        DataOutputStream(out).apply {
            writeBytes("RIFF")
            writeInt(0)
            writeBytes("WEBPVP8X")
            writeInt(Integer.reverseBytes(10))
            write(ByteArray(10))
            writeBytes("ICCP")
            writeInt(Integer.reverseBytes(profile.size))
            write(profile)
        }
        assertContentEquals(profile, headerOf(out.toByteArray()).profile)
    }

    @Test
    fun `what is cut off or something else has nothing to tell`() {
        val jpeg = ByteArrayOutputStream()
        ImageIO.write(
            BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY), "jpg", jpeg,
        )
        val whole = jpeg.toByteArray()
        for (size in 0..30) assertNull(headerOf(whole.copyOf(size)).profile)
        val texts = listOf("", "a", "RIFF1234WAVEfmt ", "GIF89a", "text")
        for (text in texts) {
            val header = headerOf(text.toByteArray())
            assertNull(header.profile, text)
            assertEquals(false, header.gray, text)
        }
    }

    private fun DataOutputStream.segment(number: Int, part: ByteArray) {
        writeShort(0xFFE2)
        writeShort(2 + 14 + part.size)
        writeBytes("ICC_PROFILE\u0000")
        writeByte(number)
        writeByte(2)
        write(part)
    }
}
