package io.github.kerasrestore.app.photo

import java.io.ByteArrayOutputStream
import java.io.DataInputStream
import java.io.EOFException
import java.io.File
import java.io.InputStream
import java.util.zip.InflaterInputStream
import java.util.zip.ZipException

/**
 * What Android's decoders know of a JPEG, PNG or WebP and do not hand out.
 *
 * @property profile the ICC profile, which a file with the decoded pixels
 *   needs; `null` if there is none.
 * @property gray whether the pixels are stored without colour.
 */
class FileHeader(val profile: ByteArray? = null, val gray: Boolean = false) {
    companion object {
        /** Reads the beginning of a file; others have nothing to tell. */
        fun read(file: File): FileHeader = try {
            DataInputStream(file.inputStream().buffered()).use(::read)
        } catch (_: EOFException) {
            // Cut off or of another kind: what the decoder makes of it counts.
            FileHeader()
        } catch (_: ZipException) {
            FileHeader()
        }

        private fun read(input: DataInputStream): FileHeader {
            val first = input.readInt()
            if (first ushr Short.SIZE_BITS == JPEG) {
                // The first marker was read with it.
                return jpeg(input, first and WORD)
            }
            input.skipAll(4)
            if (first == PNG) return png(input)
            if (first == RIFF && input.readInt() == WEBP) return webp(input)
            return FileHeader()
        }

        private fun jpeg(input: DataInputStream, first: Int): FileHeader {
            val parts = sortedMapOf<Int, ByteArray>()
            var gray = false
            var marker = first
            while (marker ushr Byte.SIZE_BITS == BYTE && marker != SCAN) {
                val size = input.readUnsignedShort() - 2
                if (size < 0) return FileHeader()
                val segment = ByteArray(size)
                input.readFully(segment)
                val title = PROFILE_TITLE.size
                if (marker == APP2 && segment.startsWith(PROFILE_TITLE)) {
                    // After its number comes how many there are.
                    val number = segment[title].toInt() and BYTE
                    parts[number] = segment.copyOfRange(title + 2, size)
                }
                if (marker in FRAMES && size > COMPONENTS) {
                    gray = segment[COMPONENTS].toInt() == 1
                }
                marker = input.readUnsignedShort()
            }
            val whole = ByteArrayOutputStream()
            parts.values.forEach(whole::write)
            return FileHeader(
                whole.toByteArray().takeIf { it.isNotEmpty() }, gray,
            )
        }

        private fun png(input: DataInputStream): FileHeader {
            var gray = false
            while (true) {
                val size = input.readInt()
                val name = input.readInt()
                // All that counts comes before the pixels.
                if (name == IDAT || size !in 0..LARGEST) {
                    return FileHeader(null, gray)
                }
                if (name != IHDR && name != ICCP) {
                    input.skipAll(size + CHECKSUM)
                    continue
                }
                val content = ByteArray(size)
                input.readFully(content)
                if (name == ICCP) return FileHeader(inflate(content), gray)
                input.skipAll(CHECKSUM)
                gray = size > KIND && content[KIND].toInt() in GRAY_KINDS
            }
        }

        /** A profile, which comes after its name and the method's number. */
        private fun inflate(content: ByteArray): ByteArray? {
            val start = content.indexOf(0) + 2
            if (start !in 2..content.size) return null
            val zipped = content.inputStream(start, content.size - start)
            return InflaterInputStream(zipped).use { it.readAtMost(LARGEST) }
        }

        private fun webp(input: DataInputStream): FileHeader {
            while (true) {
                val name = input.readInt()
                val size = Integer.reverseBytes(input.readInt())
                if (size !in 0..LARGEST) return FileHeader()
                if (name == WEBP_PROFILE) {
                    return FileHeader(ByteArray(size).also(input::readFully))
                }
                // Only the extended header may come before the profile.
                if (name != VP8X) return FileHeader()
                input.skipAll(size + (size and 1))
            }
        }

        private fun ByteArray.startsWith(title: ByteArray) =
            size >= title.size + 2 &&
                title.indices.all { this[it] == title[it] }

        private fun DataInputStream.skipAll(count: Int) {
            if (skipBytes(count) < count) throw EOFException()
        }

        private fun InputStream.readAtMost(limit: Int): ByteArray? {
            val whole = ByteArrayOutputStream()
            val buffer = ByteArray(1 shl 13)
            while (whole.size() <= limit) {
                val count = read(buffer)
                if (count < 0) return whole.toByteArray()
                whole.write(buffer, 0, count)
            }
            return null
        }

        private const val BYTE = 0xFF
        private const val WORD = 0xFFFF
        private const val LARGEST = 1 shl 24

        private const val JPEG = 0xFFD8
        private const val SCAN = 0xFFDA
        private const val APP2 = 0xFFE2

        // Where a frame tells how many components it has.
        private const val COMPONENTS = 5

        // SOF0 to SOF15 without the tables that lie among them.
        private val FRAMES =
            (0xFFC0..0xFFCF) - setOf(0xFFC4, 0xFFC8, 0xFFCC)
        private val PROFILE_TITLE = "ICC_PROFILE\u0000".toByteArray()

        private const val PNG = 0x89504E47.toInt()
        private const val IHDR = 0x49484452
        private const val ICCP = 0x69434350
        private const val IDAT = 0x49444154
        private const val CHECKSUM = 4

        // Where the header tells the kind of pixels, and which are gray.
        private const val KIND = 9
        private val GRAY_KINDS = setOf(0, 4)

        private const val RIFF = 0x52494646
        private const val WEBP = 0x57454250
        private const val WEBP_PROFILE = 0x49434350
        private const val VP8X = 0x56503858
    }
}
