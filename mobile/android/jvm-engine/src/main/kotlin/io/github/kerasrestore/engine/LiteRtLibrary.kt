package io.github.kerasrestore.engine

import com.sun.jna.Callback
import com.sun.jna.Library
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.ptr.IntByReference
import com.sun.jna.ptr.PointerByReference
import io.github.kerasrestore.core.Refusal
import java.io.File

/**
 * The functions of LiteRT's C interface that are used here, as the wheel
 * `ai-edge-litert` 2.3.0 has them; other versions order arguments otherwise.
 *
 * All give 0 if they succeed.
 */
@Suppress("FunctionName")
internal interface LiteRtLibrary : Library {
    fun LiteRtCreateEnvironment(
        count: Int,
        options: Pointer?,
        environment: PointerByReference,
    ): Int

    fun LiteRtDestroyEnvironment(environment: Pointer)

    fun LiteRtCreateModelFromBuffer(
        environment: Pointer,
        content: Pointer,
        size: Long,
        model: PointerByReference,
    ): Int

    fun LiteRtDestroyModel(model: Pointer)

    fun LiteRtCreateOptions(options: PointerByReference): Int

    fun LiteRtSetOptionsHardwareAccelerators(
        options: Pointer,
        accelerators: Int,
    ): Int

    fun LiteRtCreateOpaqueOptions(
        identifier: String,
        payload: Pointer,
        destroy: Callback,
        opaque: PointerByReference,
    ): Int

    fun LiteRtAddOpaqueOptions(options: Pointer, opaque: Pointer): Int

    fun LiteRtDestroyOptions(options: Pointer)

    fun LiteRtCreateCompiledModel(
        environment: Pointer,
        model: Pointer,
        options: Pointer,
        compiled: PointerByReference,
    ): Int

    fun LiteRtDestroyCompiledModel(compiled: Pointer)

    fun LiteRtGetModelSignature(
        model: Pointer,
        index: Long,
        signature: PointerByReference,
    ): Int

    fun LiteRtGetNumModelSignatures(model: Pointer, count: LongArray): Int

    fun LiteRtGetNumSignatureInputs(signature: Pointer, count: LongArray): Int

    fun LiteRtGetNumSignatureOutputs(signature: Pointer, count: LongArray): Int

    fun LiteRtGetSignatureInputName(
        signature: Pointer,
        index: Long,
        name: PointerByReference,
    ): Int

    fun LiteRtGetSignatureOutputName(
        signature: Pointer,
        index: Long,
        name: PointerByReference,
    ): Int

    fun LiteRtGetSignatureInputTensorByIndex(
        signature: Pointer,
        index: Long,
        tensor: PointerByReference,
    ): Int

    fun LiteRtGetSignatureOutputTensorByIndex(
        signature: Pointer,
        index: Long,
        tensor: PointerByReference,
    ): Int

    fun LiteRtGetTensorTypeId(tensor: Pointer, type: IntByReference): Int

    fun LiteRtGetRankedTensorType(tensor: Pointer, type: Pointer): Int

    fun LiteRtGetQuantizationTypeId(tensor: Pointer, type: IntByReference): Int

    fun LiteRtGetPerTensorQuantization(
        tensor: Pointer,
        quantization: Pointer,
    ): Int

    fun LiteRtGetCompiledModelInputBufferRequirements(
        compiled: Pointer,
        signature: Long,
        index: Long,
        requirements: PointerByReference,
    ): Int

    fun LiteRtGetCompiledModelOutputBufferRequirements(
        compiled: Pointer,
        signature: Long,
        index: Long,
        requirements: PointerByReference,
    ): Int

    fun LiteRtCreateManagedTensorBufferFromRequirements(
        environment: Pointer,
        type: Pointer,
        requirements: Pointer,
        buffer: PointerByReference,
    ): Int

    fun LiteRtDestroyTensorBuffer(buffer: Pointer)

    fun LiteRtLockTensorBuffer(
        buffer: Pointer,
        address: PointerByReference,
        mode: Int,
    ): Int

    fun LiteRtUnlockTensorBuffer(buffer: Pointer): Int

    fun LiteRtRunCompiledModel(
        compiled: Pointer,
        signature: Long,
        inputCount: Long,
        inputs: Pointer,
        outputCount: Long,
        outputs: Pointer,
    ): Int

    companion object {
        /** Name of the property and of the variable with the path. */
        const val LOCATION = "LITERT_LIBRARY"

        /** Bit of the CPU among the accelerators. */
        const val CPU = 1

        /** How a buffer is locked. */
        const val READ = 0
        const val WRITE = 1

        /**
         * Loads the library.
         *
         * @throws Refusal if nobody said where it is, or it cannot be loaded.
         */
        fun load(
            location: String? = System.getProperty(LOCATION)
                ?.ifEmpty { null } ?: System.getenv(LOCATION),
        ): LiteRtLibrary {
            val wanted = "set $LOCATION to libLiteRt.so of the Python " +
                "package ai-edge-litert 2.3.0."
            if (location.isNullOrEmpty()) {
                throw Refusal("$LOCATION is not set; $wanted")
            }
            if (!File(location).isFile) {
                throw Refusal("There is no file $location; $wanted")
            }
            try {
                return Native.load(location, LiteRtLibrary::class.java)
            } catch (error: UnsatisfiedLinkError) {
                throw Refusal(
                    "$location cannot be loaded (${error.message}); $wanted",
                    error,
                )
            }
        }
    }
}
