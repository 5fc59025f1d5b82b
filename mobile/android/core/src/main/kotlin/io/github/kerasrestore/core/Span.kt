package io.github.kerasrestore.core

/**
 * One tile along one axis.
 *
 * @property read where the tile begins: `[read, read + tile)` is given to the
 *   network.
 * @property start first pixel that the tile answers for.
 * @property stop end of the pixels that the tile answers for, exclusive.
 */
data class Span(val read: Int, val start: Int, val stop: Int)
