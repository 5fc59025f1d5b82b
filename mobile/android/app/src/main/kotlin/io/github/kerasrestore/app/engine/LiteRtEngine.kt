package io.github.kerasrestore.app.engine

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import io.github.kerasrestore.core.ElementType
import io.github.kerasrestore.core.Engine
import io.github.kerasrestore.core.Refusal
import io.github.kerasrestore.core.Sidecar
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A model in LiteRT's CompiledModel API: the one file that knows LiteRT.
 *
 * LiteRT's buffers of bytes are called `Int8`; it copies them as they are, so
 * that they carry `uint8` as well.
 */
class LiteRtEngine private constructor(
    private val sidecar: Sidecar,
    private val model: CompiledModel,
) : Engine {
    private val inputs = buildMap {
        put(IMAGE, model.createInputBuffer(IMAGE))
        if (sidecar.sigmaInput) put(SIGMA, model.createInputBuffer(SIGMA))
    }
    private val outputs = mapOf(RESTORED to model.createOutputBuffer(RESTORED))
    private val floats = FloatArray(floatsOf(sidecar))
    private val bytes = ByteArray(bytesOf(sidecar))

    override fun run(image: ByteBuffer, sigma: Float, restored: ByteBuffer) {
        told {
            write(image, inputs.getValue(IMAGE))
            inputs[SIGMA]?.writeFloat(floatArrayOf(sigma))
            model.run(inputs, outputs)
            read(outputs.getValue(RESTORED), restored)
        }
    }

    override fun close() {
        (inputs.values + outputs.values).forEach(TensorBuffer::close)
        model.close()
    }

    private fun write(image: ByteBuffer, buffer: TensorBuffer) {
        // A second view, as positions are the caller's.
        val view = image.duplicate().order(ByteOrder.nativeOrder())
        when (sidecar.imageType) {
            ElementType.FLOAT32 -> {
                view.asFloatBuffer().get(floats)
                buffer.writeFloat(floats)
            }
            ElementType.UINT8 -> {
                view.get(bytes)
                buffer.writeInt8(bytes)
            }
        }
    }

    private fun read(buffer: TensorBuffer, restored: ByteBuffer) {
        val view = restored.duplicate().order(ByteOrder.nativeOrder())
        when (sidecar.restoredType) {
            ElementType.FLOAT32 -> {
                val values = buffer.readFloat()
                checkSize(values.size)
                view.asFloatBuffer().put(values)
            }
            ElementType.UINT8 -> {
                val values = buffer.readInt8()
                checkSize(values.size)
                view.put(values)
            }
        }
    }

    private fun checkSize(found: Int) {
        if (found == sidecar.restoredSize) return
        throw Refusal(
            "The model ${sidecar.name} gives $found numbers, its sidecar " +
                "speaks of ${sidecar.restoredSize}; choose another model.",
        )
    }

    private fun <T> told(run: () -> T): T = try {
        run()
    } catch (error: LiteRtException) {
        throw Refusal(
            "LiteRT could not run the model ${sidecar.name} " +
                "(${error.reason()}); choose another processor or model.",
            error,
        )
    }

    companion object {
        private const val IMAGE = "image"
        private const val SIGMA = "sigma"
        private const val RESTORED = "restored"

        /**
         * Compiles a model.
         *
         * @param assets where the model lies, uncompressed.
         * @param path of the model among them.
         * @param sidecar of the model.
         * @param gpu whether the graphics processor is to run it. All of it
         *   or nothing: what it cannot run is not left to the other one
         *   unsaid.
         * @param threads of the main processor.
         * @throws Refusal if LiteRT does not take the model.
         */
        fun create(
            assets: AssetManager,
            path: String,
            sidecar: Sidecar,
            gpu: Boolean,
            threads: Int,
        ): LiteRtEngine {
            val wanted = if (gpu) Accelerator.GPU else Accelerator.CPU
            val options = CompiledModel.Options(wanted)
            if (!gpu) {
                options.cpuOptions =
                    CompiledModel.CpuOptions(numThreads = threads)
            }
            try {
                val model = CompiledModel.create(assets, path, options)
                return closingOnFailure(model) { LiteRtEngine(sidecar, model) }
            } catch (error: LiteRtException) {
                val processor = if (gpu) "graphics" else "main"
                throw Refusal(
                    "The $processor processor of this device cannot run the " +
                        "model ${sidecar.name} (${error.reason()}); choose " +
                        "another processor or model.",
                    error,
                )
            }
        }

        private fun <T> closingOnFailure(
            model: CompiledModel,
            make: () -> T,
        ): T = try {
            make()
        } catch (error: LiteRtException) {
            model.close()
            throw error
        }

        private fun floatsOf(sidecar: Sidecar) =
            if (sidecar.imageType == ElementType.FLOAT32) {
                sidecar.imageSize
            } else {
                0
            }

        private fun bytesOf(sidecar: Sidecar) =
            if (sidecar.imageType == ElementType.UINT8) sidecar.imageSize else 0

        private fun LiteRtException.reason() =
            message.orEmpty().lineSequence().first().take(REASON).ifEmpty {
                "no reason given"
            }

        private const val REASON = 200
    }
}
