"""How the shipped presets of DANetMobile were trained."""

import dataclasses

from kerasrestore.training.recipe.settings import Settings

# As options: channels per level, residual blocks per level.
NETWORK = {
    "widths": "48,128",
    "encoder_blocks": "1",
    "middle_blocks": 2,
    "decoder_blocks": "2",
}
# Tasks and their default settings.
TASKS = {
    "denoise": "0,55",
    "jpeg": "10,95",
    "super_resolution": "2",
    "demosaic": "GRBG",
}
SETTINGS = Settings(
    steps=40_000,
    patch_size=64,
    loss="log_mse",
    learning_rate=7e-4,
    schedule="trapezoid",
    warmup=200,
    halve_every=None,
    ema=0.999,
    clip_norm=3.0,
)


def settings_for(task):
    """The settings of a task: patches and crops of the network's input have
    the same size for all.

    Args:
        task: the `Task` to train for.

    Returns:
        `Settings`.
    """
    if task.scale == 1:
        return SETTINGS
    return dataclasses.replace(
        SETTINGS,
        patch_size=SETTINGS.patch_size * task.scale,
        validation_crop=96 * task.scale,
    )
