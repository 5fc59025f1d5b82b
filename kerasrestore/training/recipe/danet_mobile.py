"""How the shipped presets of DANetMobile were trained."""

from kerasrestore.training.recipe.settings import Settings

# As options: channels per level, residual blocks per level.
NETWORK = {
    "widths": "48,128",
    "encoder_blocks": "1",
    "middle_blocks": 2,
    "decoder_blocks": "2",
}
SETTING = "0,55"
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
