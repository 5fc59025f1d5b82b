"""The best model of a training, from the folder that a recipe wrote."""

import json
from pathlib import Path

from kerasrestore import models

# Noise that a denoiser is trained for where the run does not tell.
SIGMA_RANGE = (0.0, 55.0)


class Run:
    """What a training was started with.

    Args:
        folder: folder that a recipe wrote.

    Attributes:
        facts: all of `run.json`.
        sigma_range: lowest and highest noise level of the training, 0..255
            scale.

    Raises:
        ValueError: if the folder holds no training.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        path = self.folder / "run.json"
        try:
            self.facts = json.loads(path.read_text(encoding="utf-8"))
            self.arguments = self.facts["arguments"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{folder} holds no training that can be read ({path.name}: "
                f"{error}); give the folder that a recipe wrote."
            ) from error

    @property
    def sigma_range(self):
        text = self.arguments.get("sigma") or self.arguments.get("setting")
        try:
            levels = [float(part) for part in str(text).split(",")]
        except ValueError:
            return SIGMA_RANGE
        return min(levels), max(levels)

    def build(self, name=None):
        """The model with the weights that were best in validation.

        Args:
            name: name of the model; that of the folder unless given.

        Raises:
            ValueError: if the weights are missing or do not fit.
        """
        kind = self.facts["model"]
        if kind == "QuantizeAware":
            from kerasrestore.training.quantization.quantize_aware import (
                QuantizeAware,
            )

            model_class = QuantizeAware
            # Keras finds only classes that were loaded before.
            getattr(models, self.facts["config"]["restorer"]["class_name"])
        else:
            model_class = getattr(models, kind)
        name = name or self.folder.resolve().name
        model = model_class.from_config({**self.facts["config"], "name": name})
        weights = self.folder / "best.weights.h5"
        if not weights.is_file():
            raise ValueError(
                f"{self.folder} has no {weights.name} yet; train on until its "
                "first validation."
            )
        model.load_weights(weights)
        return model


def load_run(folder, name=None):
    """Loads the best model of a training.

    Args:
        folder: folder that a recipe wrote.
        name: name of the model; that of the folder unless given.

    Returns:
        The `Restorer` and its `Run`.

    Raises:
        ValueError: if the folder holds no training or no weights yet.
    """
    run = Run(folder)
    return run.build(name), run
