package io.github.kerasrestore.core

/**
 * Restores pictures of any size with a model whose tile is fixed.
 *
 * What comes out is byte for byte what the Python package makes of the same
 * picture. Works on the thread that calls it and starts none.
 *
 * @property sidecar what the model says of itself.
 * @param engine runs the model; not closed here.
 * @param clock nanoseconds, for the progress.
 */
class Restorer(
    val sidecar: Sidecar,
    engine: Engine,
    private val clock: () -> Long = System::nanoTime,
) {
    private val network = Network(sidecar, engine)

    /**
     * Restores a picture.
     *
     * @param source the picture, upright; not closed here.
     * @param sink takes the restored picture, of the same layout and
     *   `scale` times as large; told to finish at the end, not closed here.
     * @param options strength and noise level.
     * @param cancellation looked at after every tile.
     * @param onProgress called at the start and after every tile.
     * @return the last progress.
     * @throws Refusal if the options or the picture do not fit.
     * @throws Cancelled if it was wished so.
     */
    fun restore(
        source: PixelSource,
        sink: PixelSink,
        options: RestoreOptions = RestoreOptions(),
        cancellation: Cancellation = Cancellation(),
        onProgress: (Progress) -> Unit = {},
    ): Progress {
        options.check(sidecar)
        val scale = sidecar.scale
        Limits.check(source.width, source.height, scale)
        val plan = TilePlan.of(sidecar, source.height, source.width)
        val total = plan.size * options.passes(sidecar)
        val meter = Meter(source, total, onProgress)
        cancellation.check()
        meter.report()
        val opacity = if (source.layout.hasAlpha) {
            Opacity(source, keep = scale > 1, cancellation::check)
        } else {
            null
        }
        val hidden = opacity?.takeIf { it.hidesSome }
            ?.let { HiddenColors(source, it, cancellation::check) }
        val enlarged = opacity?.takeIf { scale > 1 }
            ?.let { EnlargedOpacity(it, source.height, source.width, scale) }
        val rows = hidden ?: WholeRows(source)
        val pass = lastPass(rows, options, enlarged) {
            meter.count()
            cancellation.check()
        }
        copy(pass, hidden.takeIf { scale == 1 }, sink)
        sink.finish()
        return meter.progress()
    }

    private fun lastPass(
        rows: RowSource,
        options: RestoreOptions,
        enlarged: EnlargedOpacity?,
        onTile: () -> Unit,
    ): RestorationPass {
        val strength = options.strength
        if (sidecar.sigmaInput) {
            val sigma = (options.sigma!! * strength).toFloat()
            return RestorationPass(
                rows, network, 1f, sigma, enlarged, onTile,
            )
        }
        if (options.passes(sidecar) == 1) {
            val blend = strength.toFloat()
            return RestorationPass(
                rows, network, blend, 0f, enlarged, onTile,
            )
        }
        // The second pass reads what the first one wrote, bytes and all, as
        // it comes: no more than a band of it is kept.
        val first = RestorationPass(rows, network, 1f, 0f, null, onTile)
        val blend = (strength - 1.0).toFloat()
        return RestorationPass(first, network, blend, 0f, null, onTile)
    }

    private fun copy(
        pass: RestorationPass,
        hidden: HiddenColors?,
        sink: PixelSink,
    ) {
        val rows = minOf(ROWS, pass.height)
        val bytes = ByteArray(rows * pass.width * pass.layout.channels)
        for (top in 0 until pass.height step rows) {
            val count = minOf(rows, pass.height - top)
            pass.readRows(top, count, bytes)
            hidden?.giveBack(top, count, bytes)
            sink.write(count, bytes)
        }
    }

    private inner class Meter(
        source: PixelSource,
        private val total: Int,
        private val onProgress: (Progress) -> Unit,
    ) {
        private val start = clock()
        private val megapixels = source.width.toDouble() * source.height *
            sidecar.scale * sidecar.scale / 1e6
        private var done = 0

        fun count() {
            done++
            report()
        }

        fun report() = onProgress(progress())

        fun progress(): Progress {
            val part = done.toDouble() / total
            val seconds = (clock() - start) / 1e9
            return Progress(done, total, seconds, megapixels * part)
        }
    }

    private class WholeRows(private val source: PixelSource) : RowSource {
        override val width = source.width
        override val height = source.height
        override val layout = source.layout

        override fun readRows(top: Int, rows: Int, into: ByteArray) =
            source.read(0, top, width, rows, into)
    }

    companion object {
        // Rows that are handed on at a time.
        private const val ROWS = 64

        /**
         * Bytes that a restoration takes beside those of the engine, at most.
         *
         * Opaque pictures take the same whatever their height.
         *
         * @param sidecar of the model.
         * @param width of the picture.
         * @param height of the picture.
         * @param layout of the picture.
         * @param options of the restoration.
         */
        fun memoryForecast(
            sidecar: Sidecar,
            width: Int,
            height: Int,
            layout: PixelLayout,
            options: RestoreOptions = RestoreOptions(),
        ): Long {
            val bytes = layout.channels.toLong() * width * sidecar.tileHeight
            val floats = 4L * layout.colors * width * sidecar.tileHeight
            val enlarged = sidecar.scale.toLong() * sidecar.scale
            val tiles = 8L * (sidecar.imageSize + sidecar.restoredSize) *
                maxOf(1, layout.colors / sidecar.channels)
            // A window of the source, a band in floats and one in bytes that
            // may hold two.
            val pass = bytes + (floats + 2 * bytes) * enlarged + tiles
            val opaque = pass * options.passes(sidecar) + tiles
            if (!layout.hasAlpha) return opaque
            // Sums of blocks of 4x4 pixels and of all larger ones; rows as
            // they were, until the result has them; opacity to be enlarged.
            val area = width.toLong() * height
            val blocks = area * 4 * (layout.colors + 1) / 16 * 4 / 3
            val band = 5L * BAND * width * (layout.colors + 1)
            val kept = 2 * bytes * options.passes(sidecar)
            return opaque + blocks + band + kept +
                if (sidecar.scale > 1) area else 0
        }
    }
}
