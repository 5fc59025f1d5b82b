package io.github.kerasrestore.core

/**
 * Where the tiles of an image lie.
 *
 * The image is thought to continue beyond its borders by reflection. Each
 * tile is read with [halo] pixels of context on every side, so that what the
 * network makes of the tile's own border never reaches the pixels that are
 * kept. With a halo of at least the network's receptive radius the result
 * does not depend on the tiles at all; with a smaller one, neighbours are
 * faded into each other over [feather] pixels on either side of the line
 * where their cores meet.
 *
 * @property height image height in pixels.
 * @property width image width in pixels.
 * @property tileHeight height of what the network is given, context included.
 * @property tileWidth width of what the network is given, context included.
 * @property halo context in pixels on each side of a tile's core.
 * @property feather pixels on either side of a line between two cores over
 *   which they are blended; 0 for a hard cut.
 */
data class TilePlan(
    val height: Int,
    val width: Int,
    val tileHeight: Int,
    val tileWidth: Int,
    val halo: Int,
    val feather: Int = 0,
) {
    init {
        val core = minOf(tileHeight, tileWidth) - 2 * halo
        require(height >= 1 && width >= 1) {
            "An image has at least one pixel, got ${width}x$height."
        }
        require(halo >= 0 && core >= 1) {
            "A tile of ${tileWidth}x$tileHeight leaves nothing between " +
                "$halo pixels of overlap on each side."
        }
        require(feather in 0..minOf(halo, core / 2)) {
            "A feather of $feather does not fit a halo of $halo and a core " +
                "of $core pixels."
        }
    }

    /** Spans of the tile rows, top to bottom. */
    val rows: List<Span> = spans(height, tileHeight)

    /** Spans of the tile columns, left to right. */
    val columns: List<Span> = spans(width, tileWidth)

    /** How many tiles there are. */
    val size: Int
        get() = rows.size * columns.size

    private fun spans(size: Int, tile: Int): List<Span> {
        val core = tile - 2 * halo
        return (0 until size step core).map { start ->
            Span(start - halo, start, minOf(start + core, size))
        }
    }

    companion object {
        /** The plan by which a model restores an image of that size. */
        fun of(sidecar: Sidecar, height: Int, width: Int): TilePlan {
            val halo = sidecar.halo
            val core = minOf(sidecar.tileHeight, sidecar.tileWidth) - 2 * halo
            // A network that sees the whole tile: no context is exact.
            val feather =
                if (sidecar.receptiveField == 0) minOf(halo, core) / 2 else 0
            return TilePlan(
                height,
                width,
                sidecar.tileHeight,
                sidecar.tileWidth,
                halo,
                feather,
            )
        }
    }
}
