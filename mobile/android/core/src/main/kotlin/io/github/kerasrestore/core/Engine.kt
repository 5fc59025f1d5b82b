package io.github.kerasrestore.core

import java.nio.ByteBuffer

/**
 * Whatever runs a model: LiteRT on a phone, on a desktop, or a test.
 *
 * An engine is used by one thread at a time.
 */
interface Engine : AutoCloseable {
    /**
     * Runs one tile.
     *
     * Both buffers are direct, in native byte order, and keep their places
     * from call to call; they hold `float32` or bytes as the sidecar's `io`
     * says, one image in rows of pixels (NHWC), from position 0 to the limit.
     * Neither position nor limit is changed.
     *
     * @param image the tile that is read.
     * @param sigma noise level on the 0..255 scale; not looked at where the
     *   model takes none.
     * @param restored takes the restored tile.
     * @throws Refusal if the model cannot be run.
     */
    fun run(image: ByteBuffer, sigma: Float, restored: ByteBuffer)
}
