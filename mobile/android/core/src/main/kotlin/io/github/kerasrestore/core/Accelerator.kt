package io.github.kerasrestore.core

/** What a model runs on. */
enum class Accelerator { CPU, GPU }
