import keras
import numpy as np
import pytest
from testing import smooth_image

from kerasrestore import PANet
from kerasrestore.models import NLRN, RNAN, DANet, DANetMobile
from kerasrestore.tasks import Denoise
from kerasrestore.training import FitSettings, fit, make_schedule

# Every kind of block of each network, and how many steps it takes to learn by
# heart. PANet has no connection from image to image: the logarithm of the
# error gets it there sooner. NLRN's statistics take 1,000 steps to forget
# what they began with.
MODELS = {
    "rnan": (RNAN, {"local_blocks": 1, "features": 16}, 250, "l2"),
    "panet": (PANet, {"num_blocks": 2, "features": 24}, 500, "log_mse"),
    "nlrn": (
        NLRN,
        {
            "channels": 3,
            "num_steps": 2,
            "window": 9,
            "filters": 16,
            "key_filters": 8,
        },
        1000,
        "l2",
    ),
    "danet": (
        DANet,
        {"widths": (16, 16), "blocks": (1, 0), "offset_width": 8},
        250,
        "l2",
    ),
    "danet_mobile": (
        DANetMobile,
        {"widths": (32, 32), "middle_blocks": 1},
        250,
        "l2",
    ),
}
SIDE = 12


class OnePair:
    """Draws one and the same pair of patches."""

    batch_size = 1

    def __init__(self):
        clean = smooth_image(SIDE, SIDE).astype("float32") / 255
        noisy, sigma = Denoise(25).degrade(clean, np.random.default_rng(0))
        self.pair = noisy[None], clean[None], sigma[None]

    def batch(self, step):
        return self.pair


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_learns_one_pair_by_heart(name, tmp_path):
    keras.utils.set_random_seed(0)
    build, config, steps, loss = MODELS[name]
    model = build(**config)
    sampler = OnePair()
    rate = 4e-3 if name in ("panet", "nlrn") else 2e-3
    fit(
        model,
        sampler,
        tmp_path,
        FitSettings(
            steps,
            make_schedule("cosine", rate, steps, warmup=20),
            loss=loss,
            validate_every=steps,
        ),
        progress=False,
    )
    noisy, clean, _ = sampler.pair
    restored = np.asarray(model(noisy))
    psnr = -10 * np.log10(np.mean((restored - clean) ** 2))
    assert psnr > 40
