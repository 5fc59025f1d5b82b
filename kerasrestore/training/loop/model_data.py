"""A batch of patches as a model takes it."""


def model_data(batch, sigma_input):
    """Arranges a batch for `train_step` of a Keras model.

    Args:
        batch: degraded patches, clean patches, strengths `(batch,)`.
        sigma_input: whether the model takes the strength as a second input.

    Returns:
        Inputs and targets.
    """
    degraded, clean, strength = batch
    if sigma_input:
        return {"image": degraded, "sigma": strength[:, None]}, clean
    return degraded, clean
