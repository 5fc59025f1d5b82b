package io.github.kerasrestore.engine

import com.sun.jna.Callback
import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.ptr.IntByReference
import com.sun.jna.ptr.PointerByReference
import io.github.kerasrestore.core.ElementType
import io.github.kerasrestore.core.Engine
import io.github.kerasrestore.core.ModelFile
import io.github.kerasrestore.core.ModelSignature
import io.github.kerasrestore.core.Refusal
import java.nio.ByteBuffer

/**
 * LiteRT's compiled models on a desktop's processor, so that the core can be
 * tested with real inference.
 *
 * @param model the model; its bytes are run, whatever happens to its file.
 * @param threads threads of LiteRT.
 * @throws Refusal if LiteRT does not take the model, or the model is not what
 *   its sidecar says.
 */
class JvmEngine(model: ModelFile, threads: Int = 2) : Engine {
    private val label = model.entry.title
    private val sidecar = model.sidecar
    private val library = LiteRtLibrary.load()

    // What was made, to be destroyed in the opposite order.
    private val made = ArrayDeque<() -> Unit>()

    // LiteRT reads the model from here as long as it runs.
    private val content = Memory(maxOf(1L, model.content.size.toLong())).apply {
        write(0, model.content, 0, model.content.size)
    }
    private val environment: Pointer
    private val compiled: Pointer
    private val inputNames: List<String>
    private val inputs: List<Pointer>
    private val outputs: List<Pointer>
    private val inputArray: Memory
    private val outputArray: Memory

    init {
        try {
            environment = make(library::LiteRtDestroyEnvironment) {
                library.LiteRtCreateEnvironment(0, null, it)
            }
            val loaded = make(library::LiteRtDestroyModel) {
                library.LiteRtCreateModelFromBuffer(
                    environment, content, model.content.size.toLong(), it,
                )
            }
            val signature = signature(loaded)
            val ins = tensors(
                signature,
                library::LiteRtGetNumSignatureInputs,
                library::LiteRtGetSignatureInputName,
                library::LiteRtGetSignatureInputTensorByIndex,
            )
            val outs = tensors(
                signature,
                library::LiteRtGetNumSignatureOutputs,
                library::LiteRtGetSignatureOutputName,
                library::LiteRtGetSignatureOutputTensorByIndex,
            )
            ModelSignature(
                ins.associate { (name, tensor) -> name to describe(tensor) },
                outs.associate { (name, tensor) -> name to describe(tensor) },
            ).check(sidecar, label)
            inputNames = ins.map { it.first }
            compiled = compile(loaded, threads)
            inputs = ins.mapIndexed { index, (_, tensor) ->
                buffer(
                    tensor,
                    index,
                    library::LiteRtGetCompiledModelInputBufferRequirements,
                )
            }
            outputs = outs.mapIndexed { index, (_, tensor) ->
                buffer(
                    tensor,
                    index,
                    library::LiteRtGetCompiledModelOutputBufferRequirements,
                )
            }
            inputArray = array(inputs)
            outputArray = array(outputs)
        } catch (error: Throwable) {
            close()
            throw error
        }
    }

    override fun run(image: ByteBuffer, sigma: Float, restored: ByteBuffer) {
        for ((name, buffer) in inputNames.zip(inputs)) {
            locked(buffer, LiteRtLibrary.WRITE) { address ->
                if (name == "sigma") {
                    address.setFloat(0, sigma)
                } else {
                    address.getByteBuffer(0, image.limit().toLong())
                        .put(image.duplicate().apply { rewind() })
                }
            }
        }
        check(
            library.LiteRtRunCompiledModel(
                compiled, 0,
                inputs.size.toLong(), inputArray,
                outputs.size.toLong(), outputArray,
            ),
        )
        locked(outputs.single(), LiteRtLibrary.READ) { address ->
            restored.duplicate().apply { rewind() }
                .put(address.getByteBuffer(0, restored.limit().toLong()))
        }
    }

    override fun close() {
        while (made.isNotEmpty()) made.removeLast()()
    }

    private fun signature(model: Pointer): Pointer {
        val count = LongArray(1)
        check(library.LiteRtGetNumModelSignatures(model, count))
        if (count[0] != 1L) throw refused("${count[0]} signatures")
        return get { library.LiteRtGetModelSignature(model, 0, it) }
    }

    private fun tensors(
        signature: Pointer,
        count: (Pointer, LongArray) -> Int,
        name: (Pointer, Long, PointerByReference) -> Int,
        tensor: (Pointer, Long, PointerByReference) -> Int,
    ): List<Pair<String, Pointer>> {
        val number = LongArray(1)
        check(count(signature, number))
        return (0 until number[0]).map { index ->
            get { name(signature, index, it) }.getString(0) to
                get { tensor(signature, index, it) }
        }
    }

    private fun describe(tensor: Pointer): ModelSignature.Tensor {
        val type = tensorType(tensor)
        // Seven bits of the word are the number of sides.
        val rank = type.getInt(RANK) and 0x7f
        val shape = List(rank) { type.getInt(SHAPE + 4L * it) }
        val label = when (val code = type.getInt(0)) {
            FLOAT32 -> ElementType.FLOAT32.label
            UINT8 -> ElementType.UINT8.label
            else -> "type $code"
        }
        val kind = IntByReference()
        check(library.LiteRtGetQuantizationTypeId(tensor, kind))
        if (kind.value != PER_TENSOR) return ModelSignature.Tensor(label, shape)
        val quantization = Memory(16)
        check(library.LiteRtGetPerTensorQuantization(tensor, quantization))
        return ModelSignature.Tensor(
            label, shape, quantization.getFloat(0), quantization.getLong(8),
        )
    }

    private fun tensorType(tensor: Pointer): Memory {
        val kind = IntByReference()
        check(library.LiteRtGetTensorTypeId(tensor, kind))
        if (kind.value != RANKED) throw refused("a tensor of no fixed rank")
        val type = Memory(TYPE_BYTES)
        check(library.LiteRtGetRankedTensorType(tensor, type))
        return type
    }

    private fun compile(model: Pointer, threads: Int): Pointer {
        val options = get { library.LiteRtCreateOptions(it) }
        try {
            check(
                library.LiteRtSetOptionsHardwareAccelerators(
                    options, LiteRtLibrary.CPU,
                ),
            )
            val text = "num_threads = $threads\n"
            val payload = Pointer(Native.malloc(text.length + 1L))
            payload.setString(0, text)
            val opaque = get {
                library.LiteRtCreateOpaqueOptions("xnnpack", payload, free, it)
            }
            check(library.LiteRtAddOpaqueOptions(options, opaque))
            return make(library::LiteRtDestroyCompiledModel) {
                library.LiteRtCreateCompiledModel(
                    environment, model, options, it,
                )
            }
        } finally {
            library.LiteRtDestroyOptions(options)
        }
    }

    private fun buffer(
        tensor: Pointer,
        index: Int,
        requirements: (Pointer, Long, Long, PointerByReference) -> Int,
    ): Pointer {
        val wanted = get { requirements(compiled, 0, index.toLong(), it) }
        return make(library::LiteRtDestroyTensorBuffer) {
            library.LiteRtCreateManagedTensorBufferFromRequirements(
                environment, tensorType(tensor), wanted, it,
            )
        }
    }

    private fun array(pointers: List<Pointer>): Memory =
        Memory(Native.POINTER_SIZE * pointers.size.toLong()).apply {
            write(0, pointers.toTypedArray(), 0, pointers.size)
        }

    private fun locked(buffer: Pointer, mode: Int, use: (Pointer) -> Unit) {
        val address = get { library.LiteRtLockTensorBuffer(buffer, it, mode) }
        try {
            use(address)
        } finally {
            check(library.LiteRtUnlockTensorBuffer(buffer))
        }
    }

    private fun make(
        destroy: (Pointer) -> Unit,
        create: (PointerByReference) -> Int,
    ): Pointer {
        val pointer = get(create)
        made.addLast { destroy(pointer) }
        return pointer
    }

    private fun get(call: (PointerByReference) -> Int): Pointer {
        val reference = PointerByReference()
        check(call(reference))
        return reference.value ?: throw refused("nothing at all")
    }

    private fun check(status: Int) {
        if (status != 0) throw refused("status $status")
    }

    private fun refused(reason: String) = Refusal(
        "$label is not a model that LiteRT can run ($reason); choose another " +
            "model.",
    )

    private companion object {
        // LiteRtRankedTensorType: the type, a word with the rank, the sides.
        const val TYPE_BYTES = 72L
        const val RANK = 4L
        const val SHAPE = 8L
        const val RANKED = 0
        const val PER_TENSOR = 1
        const val FLOAT32 = 1
        const val UINT8 = 3

        // Kept here, so that it lives as long as LiteRT may call it.
        val free = object : Callback {
            @Suppress("unused")
            fun callback(payload: Pointer) =
                Native.free(Pointer.nativeValue(payload))
        }
    }
}
