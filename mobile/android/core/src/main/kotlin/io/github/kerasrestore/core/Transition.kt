package io.github.kerasrestore.core

/**
 * What follows from an event.
 *
 * @property screen the screen afterwards.
 * @property effects what is to be done, in this order.
 */
data class Transition(
    val screen: Screen,
    val effects: List<Effect> = emptyList(),
)
