package io.github.kerasrestore.core

/**
 * What the numbers of a model's input or output are.
 *
 * @property label as sidecars have it.
 * @property bytes size of one number.
 */
enum class ElementType(val label: String, val bytes: Int) {
    FLOAT32("float32", 4),

    /** A byte as in image files: 0 is 0 and 255 is 1. */
    UINT8("uint8", 1),
}
