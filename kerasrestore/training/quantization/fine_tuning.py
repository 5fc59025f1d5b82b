"""How a trained model is fine-tuned for int8."""

from kerasrestore.training.quantization.quantize_aware import quantize_aware
from kerasrestore.training.recipe.settings import Settings

SETTINGS = Settings(
    steps=2000,
    patch_size=64,
    loss="log_mse",
    learning_rate=2e-4,
    schedule="cosine",
    warmup=20,
    halve_every=None,
    validate_every=200,
)
# Batches from which the ranges are initialized.
CALIBRATION = 16


def calibrated(plan, restorer):
    """The quantization-aware model before training.

    Args:
        plan: the `Plan` of its training.
        restorer: the float `Restorer`.

    Returns:
        A `QuantizeAware`, whose ranges are those of the plan's patches.
    """
    sampler = plan.sampler()
    # Batches of later steps, which are not trained on.
    first = plan.settings.steps
    drawn = [sampler.batch(first + step) for step in range(CALIBRATION)]
    return quantize_aware(
        restorer,
        [
            {"image": image, "sigma": sigma[:, None]}
            if restorer.sigma_input
            else image
            for image, _, sigma in drawn
        ],
    )
