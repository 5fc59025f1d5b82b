package io.github.kerasrestore.core

/**
 * One pass of a picture through the network, finished rows on demand.
 *
 * @param source the picture.
 * @param network runs tiles.
 * @param strength of the blend with the picture, 1 for none.
 * @param sigma what the model is told.
 * @param opacity of the result, where the network enlarges.
 * @param onTile called after each tile.
 */
internal class RestorationPass(
    private val source: RowSource,
    private val network: Network,
    private val strength: Float,
    private val sigma: Float,
    private val opacity: EnlargedOpacity?,
    private val onTile: () -> Unit,
) : RowSource {
    private val scale = network.sidecar.scale
    private val colors = source.layout.colors
    private val channels = source.layout.channels
    private val run = TileRun(
        TilePlan.of(network.sidecar, source.height, source.width),
        colors,
        scale,
        ::readTile,
        ::restoreTile,
    )

    // Rows of the source that the current band of tiles sees.
    private val window = RowWindow(source)

    // Finished rows as bytes, from `doneTop` on.
    private var done = ByteArray(0)
    private var doneTop = 0
    private var doneRows = 0

    override val width = source.width * scale
    override val height = source.height * scale
    override val layout = source.layout

    override fun readRows(top: Int, rows: Int, into: ByteArray) {
        val stride = width * channels
        var row = top
        while (row < top + rows) {
            if (row >= doneTop + doneRows) {
                nextBand(keepFrom = top)
                continue
            }
            check(row >= doneTop) { "Rows are read from top to bottom." }
            val count = minOf(top + rows, doneTop + doneRows) - row
            val from = (row - doneTop) * stride
            done.copyInto(
                into, (row - top) * stride, from, from + count * stride,
            )
            row += count
        }
    }

    /** Makes the next band and drops rows above `keepFrom`. */
    private fun nextBand(keepFrom: Int) {
        val band = checkNotNull(run.nextBand()) { "There are no more rows." }
        val stride = width * channels
        val keep = maxOf(0, doneTop + doneRows - maxOf(keepFrom, doneTop))
        val from = (doneRows - keep) * stride
        val size = (keep + band.rows) * stride
        val into = if (done.size >= size) done else ByteArray(size)
        done.copyInto(into, 0, from, from + keep * stride)
        done = into
        doneTop = band.top - keep
        doneRows = keep + band.rows
        writeBytes(band, keep * stride)
    }

    private fun writeBytes(band: Band, offset: Int) {
        var from = 0
        var to = offset
        for (row in 0 until band.rows) {
            val enlarged = opacity?.row(band.top + row)
            for (x in 0 until width) {
                for (color in 0 until colors) {
                    done[to++] = floatToByte(band.values[from++]).toByte()
                }
                if (layout.hasAlpha) {
                    done[to++] =
                        enlarged?.get(x) ?: window.alpha(band.top + row, x)
                }
            }
        }
    }

    private fun readTile(rows: IntArray, columns: IntArray, into: FloatArray) {
        window.moveTo(rows.min(), rows.max() + 1)
        var to = 0
        for (row in rows) {
            val start = window.offset(row)
            for (column in columns) {
                val from = start + column * channels
                for (color in 0 until colors) {
                    val byte = window.bytes[from + color].toInt() and 0xff
                    into[to++] = byteToFloat(byte)
                }
            }
        }
    }

    private fun restoreTile(tile: FloatArray, restored: FloatArray) {
        network.restore(tile, colors, sigma, restored)
        if (strength != 1f) {
            // Never of a model that enlarges: the two are of one size.
            for (index in restored.indices) {
                val part = tile[index]
                restored[index] = part + strength * (restored[index] - part)
            }
        }
        onTile()
    }
}
