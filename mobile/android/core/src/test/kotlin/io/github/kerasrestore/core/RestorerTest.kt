package io.github.kerasrestore.core

import java.io.File
import java.nio.file.Files
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class RestorerTest {
    @Test
    fun `strength gives the bytes of the goldens`() {
        for (case in Goldens.objects("strength.json")) {
            val image = case.getJSONArray("image").ints()
            val answers = case.getJSONArray("restored")
            val sidecar = Sidecars.of(
                "tile" to Sidecars.array(1, image.size),
                "receptive_field" to 1,
                "halo" to 0,
            )
            var pass = 0
            val engine = FakeEngine(sidecar) { _, _ ->
                answers.getJSONArray(pass++).floats()
            }
            val found = restore(
                sidecar,
                engine,
                MemoryImage(image.size, 1, PixelLayout.GRAY, bytes(image)),
                RestoreOptions(case.getDouble("strength")),
            )
            assertEquals(answers.length(), engine.runs)
            val wanted = bytes(case.getJSONArray("result").ints())
            assertContentEquals(wanted, found.bytes)
        }
    }

    private fun bytes(values: List<Int>) =
        ByteArray(values.size) { values[it].toByte() }

    private fun restore(
        sidecar: Sidecar,
        engine: Engine,
        image: MemoryImage,
        options: RestoreOptions = RestoreOptions(),
    ): MemoryImage {
        val scale = sidecar.scale
        val result = MemoryImage(
            image.width * scale, image.height * scale, image.layout,
        )
        Restorer(sidecar, engine).restore(image, result, options)
        return result
    }

    @Test
    fun `tiles change nothing where the halo covers what the model sees`() {
        for (layout in PixelLayout.values()) {
            val image = noise(61, 53, layout)
            val (small, large) = listOf(24 to 20, 64 to 72).map { (h, w) ->
                val sidecar = Sidecars.color("tile" to Sidecars.array(h, w))
                val mean = boxMean(sidecar, radius = 4)
                restore(sidecar, FakeEngine(sidecar) { t, _ -> mean(t) }, image)
            }
            assertContentEquals(large.bytes, small.bytes)
        }
    }

    @Test
    fun `two passes in bands are two passes over the whole`() {
        val sidecar = Sidecars.of()
        val mean = boxMean(sidecar, radius = 4)
        val engine = FakeEngine(sidecar) { tile, _ -> mean(tile) }
        for ((width, height) in listOf(61 to 83, 1 to 1, 5 to 17, 12 to 16)) {
            val image = noise(width, height, PixelLayout.GRAY_ALPHA)
            // Hidden colours would be filled anew between two restorations.
            for (pixel in 1 until image.bytes.size step 2) {
                if (image.bytes[pixel].toInt() == 0) image.bytes[pixel] = 1
            }
            val first = restore(sidecar, engine, image)
            val wanted =
                restore(sidecar, engine, first, RestoreOptions(0.625))
            val found =
                restore(sidecar, engine, image, RestoreOptions(1.625))
            assertContentEquals(wanted.bytes, found.bytes)
        }
    }

    @Test
    fun `opacity and hidden colours are carried through untouched`() {
        for (layout in listOf(PixelLayout.GRAY_ALPHA, PixelLayout.RGBA)) {
            val image = noise(30, 50, layout)
            val sidecar = Sidecars.color()
            val engine = FakeEngine(sidecar) { tile, _ ->
                FloatArray(tile.size) { 1f - tile[it] }
            }
            val found = restore(sidecar, engine, image)
            for (index in found.bytes.indices) {
                val byte = image.bytes[index].toInt() and 0xff
                val channel = index % layout.channels
                val alpha = image.bytes[index - channel + layout.colors]
                val kept = channel == layout.colors || alpha.toInt() == 0
                val wanted = if (kept) byte else 255 - byte
                assertEquals(wanted, found.bytes[index].toInt() and 0xff)
            }
        }
    }

    @Test
    fun `gray for a colour model is the mean of its three answers`() {
        val sidecar = Sidecars.color()
        val engine = FakeEngine(sidecar) { tile, _ ->
            FloatArray(tile.size) { tile[it] * 0.1f * (1 + it % 3) }
        }
        val image = noise(10, 10, PixelLayout.GRAY)
        val found = restore(sidecar, engine, image)
        for (index in found.bytes.indices) {
            val value = byteToFloat(image.bytes[index].toInt() and 0xff)
            val mean =
                (value * 0.1f + value * 0.1f * 2 + value * 0.1f * 3) / 3f
            assertEquals(floatToByte(mean).toByte(), found.bytes[index])
        }
    }

    @Test
    fun `colour for a gray model goes channel by channel`() {
        val sidecar = Sidecars.of()
        val mean = boxMean(sidecar, radius = 2)
        val engine = FakeEngine(sidecar) { tile, _ -> mean(tile) }
        val image = noise(29, 31, PixelLayout.RGB)
        val found = restore(sidecar, engine, image)
        for (channel in 0 until 3) {
            fun plane(of: MemoryImage) = MemoryImage(
                29, 31, PixelLayout.GRAY,
                ByteArray(29 * 31) { of.bytes[3 * it + channel] },
            )
            assertContentEquals(
                restore(sidecar, engine, plane(image)).bytes,
                plane(found).bytes,
            )
        }
    }

    @Test
    fun `models of bytes see and give bytes`() {
        val image = noise(40, 40, PixelLayout.RGB)
        val results = listOf("float32", "uint8").map { type ->
            val sidecar = Sidecars.color("io" to Sidecars.io(type, type))
            val engine = FakeEngine(sidecar) { tile, _ -> tile }
            restore(sidecar, engine, image)
        }
        assertContentEquals(image.bytes, results[0].bytes)
        assertContentEquals(image.bytes, results[1].bytes)
    }

    @Test
    fun `a model that takes the noise level is told strength times sigma`() {
        val sidecar = Sidecars.of(
            "sigma_input" to true,
            "io" to Sidecars.io("float32", "float32", sigma = true),
        )
        val engine = FakeEngine(sidecar) { tile, _ -> tile }
        val image = noise(8, 8, PixelLayout.GRAY)
        val found = restore(sidecar, engine, image, RestoreOptions(1.6, 25.0))
        assertEquals((25.0 * 1.6).toFloat(), engine.lastSigma)
        assertEquals(1, engine.runs)
        assertContentEquals(image.bytes, found.bytes)
    }

    @Test
    fun `a model that enlarges gives a larger picture`() {
        val sidecar = Sidecars.of("scale" to 2, "task" to "super_resolution")
        val engine = FakeEngine(sidecar) { tile, _ ->
            val wide = 2 * sidecar.tileWidth
            FloatArray(4 * tile.size) {
                tile[it / wide / 2 * sidecar.tileWidth + it % wide / 2]
            }
        }
        val image = noise(33, 31, PixelLayout.RGB)
        val found = restore(sidecar, engine, image)
        for (index in found.bytes.indices) {
            val (pixel, channel) = index / 3 to index % 3
            val (x, y) = pixel % 66 / 2 to pixel / 66 / 2
            val wanted = image.bytes[(y * 33 + x) * 3 + channel]
            assertEquals(wanted, found.bytes[index])
        }
    }

    @Test
    fun `progress counts every tile of every pass`() {
        val sidecar = Sidecars.of()
        var now = 0L
        val engine = FakeEngine(sidecar) { tile, _ ->
            tile.also { now += 500_000_000 }
        }
        val seen = mutableListOf<Progress>()
        val image = noise(30, 40, PixelLayout.GRAY)
        val last = Restorer(sidecar, engine, { now }).restore(
            image,
            MemoryImage(30, 40, PixelLayout.GRAY),
            RestoreOptions(1.5),
            onProgress = { seen += it },
        )
        // Cores of 16x12 pixels.
        assertEquals((0..18).toList(), seen.map { it.done })
        assertTrue(seen.all { it.total == 18 })
        assertEquals(seen.last(), last)
        assertEquals(9.0, last.seconds)
        assertEquals(0.0012, last.megapixels, 1e-12)
        assertEquals(0.0012 / 9, last.megapixelsPerSecond, 1e-12)
        assertEquals(4.5, seen[9].secondsLeft!!, 1e-9)
        assertEquals(50, seen[9].percent)
        assertEquals(94, seen[17].percent)
        assertEquals(null, seen[0].secondsLeft)
    }

    @Test
    fun `a cancelled restoration stops at the next tile and leaves no file`() {
        val folder = Files.createTempDirectory("restore").toFile()
        val file = File(folder, "result.raw")
        val sidecar = Sidecars.of()
        val cancellation = Cancellation()
        val engine = FakeEngine(sidecar) { tile, _ -> tile }
        val image = noise(30, 400, PixelLayout.GRAY)
        assertFailsWith<Cancelled> {
            RawImageWriter(file, 30, 400, PixelLayout.GRAY).use { sink ->
                Restorer(sidecar, engine).restore(
                    image, sink, cancellation = cancellation,
                ) { if (it.done == 50) cancellation.cancel() }
            }
        }
        assertEquals(50, engine.runs)
        assertContentEquals(emptyArray(), folder.list())
        folder.delete()
    }

    @Test
    fun `options that do not fit the model are refused in a sentence`() {
        val blind = Sidecars.of()
        val told = Sidecars.of(
            "sigma_input" to true,
            "sigma_range" to Sidecars.array(5, 50),
            "io" to Sidecars.io("float32", "float32", sigma = true),
        )
        val larger = Sidecars.of("scale" to 2)
        val refused = listOf(
            blind to RestoreOptions(-0.1),
            blind to RestoreOptions(2.5),
            blind to RestoreOptions(Double.NaN),
            blind to RestoreOptions(1.0, 25.0),
            told to RestoreOptions(1.0),
            told to RestoreOptions(1.0, 4.0),
            told to RestoreOptions(1.0, Double.NaN),
            larger to RestoreOptions(0.5),
        )
        for ((sidecar, options) in refused) {
            val error = assertFailsWith<Refusal> {
                restore(
                    sidecar,
                    FakeEngine(sidecar) { tile, _ -> tile },
                    noise(4, 4, PixelLayout.GRAY),
                    options,
                )
            }
            assertSentence(error.sentence)
        }
    }

    @Test
    fun `values that are no numbers are refused in a sentence`() {
        val sidecar = Sidecars.of()
        for (value in listOf(Float.NaN, Float.NEGATIVE_INFINITY)) {
            val engine = FakeEngine(sidecar) { tile, _ ->
                tile.also { it[7] = value }
            }
            val error = assertFailsWith<Refusal> {
                restore(sidecar, engine, noise(4, 4, PixelLayout.GRAY))
            }
            assertSentence(error.sentence)
        }
    }
}
