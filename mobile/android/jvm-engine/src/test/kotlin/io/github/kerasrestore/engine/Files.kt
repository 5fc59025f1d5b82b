package io.github.kerasrestore.engine

import io.github.kerasrestore.core.MemoryImage
import io.github.kerasrestore.core.ModelCatalog
import io.github.kerasrestore.core.ModelFile
import io.github.kerasrestore.core.PixelLayout
import java.io.File
import java.io.InputStream
import javax.imageio.ImageIO
import kotlin.test.assertEquals

/** The files that Python wrote: models and goldens. */
object Files {
    val goldens = folder("goldens", "python mobile/models/make_goldens.py")
    private val models =
        folder("models", "python mobile/models/export_models.py")

    val catalog: ModelCatalog = ModelCatalog.read(::open)

    /** The models that belong to the goldens. */
    private val golden: ModelCatalog = ModelCatalog.read(::openGolden)

    fun model(name: String): ModelFile {
        golden.models.firstOrNull { it.name == name }
            ?.let { return golden.load(it, open = ::openGolden) }
        val entry = catalog.models.firstOrNull { it.name == name }
        checkNotNull(entry) {
            "There is no model $name; run python " +
                "mobile/models/export_models.py."
        }
        return catalog.load(entry, open = ::open)
    }

    fun open(name: String): InputStream = File(models, name).inputStream()

    private fun openGolden(name: String): InputStream =
        File(goldens, "models/$name").inputStream()

    /** A PNG of the goldens as its file has it. */
    fun picture(name: String): MemoryImage {
        val raster = ImageIO.read(File(goldens, name)).raster
        val layout = PixelLayout.of(raster.numBands)
        val samples = raster.getPixels(
            0, 0, raster.width, raster.height, null as IntArray?,
        )
        return MemoryImage(
            raster.width,
            raster.height,
            layout,
            ByteArray(samples.size) { samples[it].toByte() },
        )
    }

    private fun folder(property: String, command: String): File {
        val folder = File(System.getProperty(property).orEmpty())
        check(folder.isDirectory) {
            "The property '$property' is no folder: $folder; run $command."
        }
        return folder
    }
}

/** Without a list of some ten thousand bytes where they are not the same. */
fun assertSameBytes(wanted: ByteArray, found: ByteArray) {
    assertEquals(wanted.size, found.size)
    val different = wanted.indices.count { wanted[it] != found[it] }
    assertEquals(0, different, "bytes of ${wanted.size} differ")
}
