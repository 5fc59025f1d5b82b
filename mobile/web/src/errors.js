/**
 * @file Errors whose message is a sentence for the person before the screen:
 * what is wrong and what to do. Any other error is a fault of this program.
 */

/** A picture that cannot be read or restored. */
export class PhotoError extends Error {}

/** A model file that cannot be used. */
export class ModelError extends Error {}
