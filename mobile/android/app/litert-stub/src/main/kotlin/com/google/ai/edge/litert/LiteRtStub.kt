// A stub of com.google.ai.edge.litert 2.3.0: the signatures that
// LiteRtEngine.kt uses and nothing else, written by hand from the published
// documentation. Every call fails.
package com.google.ai.edge.litert

import android.content.res.AssetManager

private fun stub(): Nothing =
    throw UnsupportedOperationException("This is a stub of LiteRT.")

enum class Accelerator { NONE, CPU, GPU, NPU }

class LiteRtException(message: String) : Exception(message)

class TensorBuffer private constructor() : AutoCloseable {
    fun writeFloat(data: FloatArray): Unit = stub()

    fun writeInt8(data: ByteArray): Unit = stub()

    fun readFloat(): FloatArray = stub()

    fun readInt8(): ByteArray = stub()

    override fun close(): Unit = stub()
}

class CompiledModel private constructor() : AutoCloseable {
    class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    class Options(vararg val accelerators: Accelerator) {
        var cpuOptions: CpuOptions? = null
    }

    fun createInputBuffer(
        inputName: String,
        signature: String? = null,
    ): TensorBuffer = stub()

    fun createOutputBuffer(
        outputName: String,
        signature: String? = null,
    ): TensorBuffer = stub()

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String? = null,
    ): Unit = stub()

    override fun close(): Unit = stub()

    companion object {
        @JvmStatic
        fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options,
        ): CompiledModel = stub()
    }
}
