package io.github.kerasrestore.core

/**
 * An image on its way through a network, tile by tile and band by band.
 *
 * Memory is that of one band of tiles, whatever the height of the image, and
 * none is taken anew for a tile.
 *
 * @param plan where the tiles lie.
 * @param channels channels of the image, before and after.
 * @param scale enlargement of the network.
 * @param reader gives the pixels of a tile.
 * @param restorer makes the restored tile.
 */
class TileRun(
    private val plan: TilePlan,
    private val channels: Int,
    private val scale: Int,
    private val reader: TileReader,
    private val restorer: TileRestorer,
) {
    private val rows = plan.rows
    private val stride = plan.width * scale * channels
    private val columns = plan.columns.map { Column(it) }
    private val tile = FloatArray(plan.tileHeight * plan.tileWidth * channels)
    private val restored = FloatArray(tile.size * scale * scale)
    private val values = FloatArray(highestBand() * scale * stride)
    private var next = 0

    // Rows at the end of the last band that wait for the next one.
    private var carried = 0
    private var carriedFrom = 0

    /** The next finished rows, `null` after the last. */
    fun nextBand(): Band? {
        if (next == rows.size) return null
        val row = rows[next]
        val top = firstPixel(row, plan.feather)
        val down = blendWeights(row, plan.height, plan.feather)
        val height = down.size * scale
        startBand(height)
        val indices = reflect(row.read, row.read + plan.tileHeight, plan.height)
        for (column in columns) {
            reader.read(indices, column.indices, tile)
            restorer.restore(tile, restored)
            paste(column, (top - row.read) * scale, down)
        }
        next++
        val done = if (next == rows.size) {
            height
        } else {
            (row.stop - plan.feather - top) * scale
        }
        carriedFrom = done
        carried = height - done
        return Band(top * scale, done, values)
    }

    private fun highestBand(): Int =
        rows.maxOf { blendWeights(it, plan.height, plan.feather).size }

    private fun startBand(height: Int) {
        val from = carriedFrom * stride
        values.copyInto(values, 0, from, from + carried * stride)
        values.fill(0f, carried * stride, height * stride)
    }

    private fun paste(column: Column, y: Int, down: FloatArray) {
        val width = plan.tileWidth * scale * channels
        val x = (column.left - column.span.read) * scale * channels
        val count = column.across.size * channels
        for (row in 0 until down.size * scale) {
            val from = (y + row) * width + x
            val to = row * stride + column.left * scale * channels
            if (plan.feather == 0) {
                restored.copyInto(values, to, from, from + count)
                continue
            }
            val weight = down[row / scale]
            for (index in 0 until count) {
                values[to + index] += restored[from + index] *
                    (weight * column.across[index / channels])
            }
        }
    }

    private inner class Column(val span: Span) {
        val left = firstPixel(span, plan.feather)
        val indices =
            reflect(span.read, span.read + plan.tileWidth, plan.width)
        val across = blendWeights(span, plan.width, plan.feather).let { once ->
            FloatArray(once.size * scale) { once[it / scale] }
        }
    }
}
