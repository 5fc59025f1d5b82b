package io.github.kerasrestore.core

import io.github.kerasrestore.core.ModelSignature.Tensor
import kotlin.test.Test
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class ModelSignatureTest {
    private val image = Tensor("float32", listOf(1, 24, 20, 3))

    @Test
    fun `a model that is what its sidecar says passes`() {
        signature("image" to image, restored = image).check(Sidecars.color())
        val bytes = image.copy(type = "uint8", scale = 1 / 255f)
        signature("image" to bytes, restored = bytes)
            .check(Sidecars.color("io" to Sidecars.io("uint8", "uint8")))
        val told = Sidecars.color(
            "sigma_input" to true,
            "io" to Sidecars.io("float32", "float32", sigma = true),
        )
        signature(
            "image" to image, "sigma" to Tensor("float32", listOf(1)),
            restored = image,
        ).check(told)
        signature(
            "image" to image,
            restored = Tensor("float32", listOf(1, 48, 40, 3)),
        ).check(Sidecars.color("scale" to 2))
    }

    @Test
    fun `any other model is refused`() {
        val bytes = image.copy(type = "uint8", scale = 1 / 255f)
        val others = listOf(
            signature("photo" to image, restored = image),
            signature("image" to bytes, restored = image),
            signature("image" to image, restored = bytes),
            signature(
                "image" to image.copy(shape = listOf(1, -1, -1, 3)),
                restored = image,
            ),
            signature("image" to image, "sigma" to image, restored = image),
            ModelSignature(mapOf("image" to image), emptyMap()),
        )
        for (other in others) {
            val error =
                assertFailsWith<Refusal> { other.check(Sidecars.color()) }
            assertSentence(error.sentence)
            assertTrue("its sidecar speaks of" in error.sentence)
        }
    }

    @Test
    fun `bytes stand for values as in image files`() {
        val sidecar = Sidecars.color("io" to Sidecars.io("uint8", "float32"))
        for (bytes in listOf(
            image.copy(type = "uint8", scale = 0f),
            image.copy(type = "uint8", scale = 1 / 128f),
            image.copy(type = "uint8", scale = 1 / 255f, zeroPoint = 128),
            image.copy(type = "uint8", scale = Float.NaN),
        )) {
            val error = assertFailsWith<Refusal> {
                signature("image" to bytes, restored = image).check(sidecar)
            }
            assertSentence(error.sentence)
        }
    }

    private fun signature(
        vararg inputs: Pair<String, Tensor>,
        restored: Tensor,
    ) = ModelSignature(mapOf(*inputs), mapOf("restored" to restored))
}
