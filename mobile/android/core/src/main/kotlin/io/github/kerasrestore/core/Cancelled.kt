package io.github.kerasrestore.core

/** The work was stopped because somebody wished so. */
class Cancelled : RuntimeException("The work was cancelled.")
