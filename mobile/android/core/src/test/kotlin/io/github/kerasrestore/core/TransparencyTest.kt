package io.github.kerasrestore.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONArray
import org.json.JSONObject

class TransparencyTest {
    private val goldens = JSONObject(Goldens.text("transparency.json"))

    private fun cases(name: String): List<JSONObject> {
        val list = goldens.getJSONArray(name)
        return List(list.length()) { list.getJSONObject(it) }
    }

    private fun JSONArray.bytes() =
        ByteArray(length()) { getInt(it).toByte() }

    /** Colours and opacity as one picture. */
    private fun picture(case: JSONObject): MemoryImage {
        val channels = case.getInt("channels")
        val colors = case.getJSONArray("pixels").bytes()
        val alpha = case.getJSONArray("alpha").bytes()
        val all = channels + 1
        return MemoryImage(
            case.getInt("width"),
            case.getInt("height"),
            PixelLayout.of(all),
            ByteArray(alpha.size * all) {
                val (pixel, channel) = it / all to it % all
                if (channel == channels) {
                    alpha[pixel]
                } else {
                    colors[pixel * channels + channel]
                }
            },
        )
    }

    @Test
    fun `hidden pixels get the colours of the goldens, however read`() {
        var filled = 0
        for (case in cases("filled")) {
            val image = picture(case)
            val opacity = Opacity(image, keep = false) {}
            if (!opacity.hidesSome) continue
            filled++
            val (width, height) = image.width to image.height
            val channels = image.layout.channels
            val wanted = case.getJSONArray("result").bytes()
            for (step in listOf(1, 2, 3, height)) {
                val hidden = HiddenColors(image, opacity) {}
                for (top in 0 until height step step) {
                    val rows = minOf(step, height - top)
                    val found = ByteArray(rows * width * channels)
                    hidden.readRows(top, rows, found)
                    val colors = found.filterIndexed { index, _ ->
                        index % channels < image.layout.colors
                    }
                    val from = top * width * image.layout.colors
                    assertContentEquals(
                        wanted.copyOfRange(from, from + colors.size),
                        colors.toByteArray(),
                    )
                    hidden.giveBack(top, rows, found)
                    val start = top * width * channels
                    assertContentEquals(
                        image.bytes.copyOfRange(start, start + found.size),
                        found,
                    )
                }
            }
        }
        assertEquals(5, filled)
    }

    @Test
    fun `enlarged opacity is that of the goldens`() {
        for (case in cases("enlarged")) {
            val (width, height) =
                case.getInt("width") to case.getInt("height")
            val scale = case.getInt("scale")
            val alpha = case.getJSONArray("alpha").bytes()
            val image = MemoryImage(
                width, height, PixelLayout.GRAY_ALPHA,
                ByteArray(2 * alpha.size) {
                    if (it % 2 == 0) 7 else alpha[it / 2]
                },
            )
            val enlarged = EnlargedOpacity(
                Opacity(image, keep = true) {}, height, width, scale,
            )
            val found = (0 until height * scale)
                .map { enlarged.row(it).toList() }.flatten()
            val wanted = case.getJSONArray("result").bytes()
            assertContentEquals(wanted, found.toByteArray())
        }
    }

    @Test
    fun `hidden colours of a tall picture are those of all its bands`() {
        val image = noise(23, 301, PixelLayout.RGBA)
        // A hole that is taller than a band.
        for (pixel in 23 * 40 until 23 * 260) image.bytes[4 * pixel + 3] = 0
        val opacity = Opacity(image, keep = false) {}
        val hidden = HiddenColors(image, opacity) {}
        val found = ByteArray(image.bytes.size)
        hidden.readRows(0, 301, found)
        // The mean of all that is visible is the colour far from the edge.
        val sums = DoubleArray(2)
        for (pixel in 0 until 23 * 301) {
            val value = image.bytes[4 * pixel].toInt() and 0xff
            val weight = image.bytes[4 * pixel + 3].toInt() and 0xff
            sums[0] += weight * value.toDouble()
            sums[1] += weight.toDouble()
        }
        // The noise that is added has a mean of 0.
        val middle = (23 * 100 until 23 * 200)
            .map { found[4 * it].toInt() and 0xff }.average()
        assertEquals(sums[0] / sums[1], middle, 12.0)
    }

    @Test
    fun `looking at the opacity can be cancelled`() {
        val sidecar = Sidecars.of()
        val cancellation = Cancellation()
        val image = noise(8, 300, PixelLayout.GRAY_ALPHA)
        val source = object : PixelSource by image {
            override fun read(
                left: Int,
                top: Int,
                columns: Int,
                rows: Int,
                into: ByteArray,
            ) {
                check(top == 0) { "It went on." }
                cancellation.cancel()
                image.read(left, top, columns, rows, into)
            }
        }
        val engine = FakeEngine(sidecar) { tile, _ -> tile }
        assertFailsWith<Cancelled> {
            Restorer(sidecar, engine).restore(
                source,
                MemoryImage(8, 300, PixelLayout.GRAY_ALPHA),
                cancellation = cancellation,
            )
        }
        assertEquals(0, engine.runs)
    }
}
