"""Loading the best model of a training run from its folder."""

from functools import cached_property
from pathlib import Path

from kerasrestore import models
from kerasrestore.tasks import deserialize_task, get_task
from kerasrestore.training.recipe.run_record import RunRecord


class Run:
    """A training run in its folder.

    Args:
        folder: folder of the run, written by a recipe.

    Attributes:
        record: its `RunRecord`.

    Raises:
        ValueError: if the folder holds no training run.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.record = RunRecord.read(folder)

    @cached_property
    def task(self):
        """The `Task` of the run.

        Raises:
            ValueError: if its class is not registered.
        """
        if self.record.task is not None:
            return deserialize_task(self.record.task)

        arguments = self.record.arguments
        setting = arguments.get("setting") or "0,55"
        options = {"quantize": True} if arguments.get("quantize") else {}
        task = get_task(arguments.get("task", "denoise"))
        return task.from_setting(setting, **options)

    def build(self, name=None):
        """The model with the weights of the best validation.

        Args:
            name: name of the model; that of the folder unless given.

        Raises:
            ValueError: if the weights are missing or do not fit.
        """
        kind, config = self.record.model, self.record.config
        if kind == "QuantizeAware":
            from kerasrestore.training.quantization.quantize_aware import (
                QuantizeAware,
            )

            model_class = QuantizeAware
            # Keras finds only classes that were loaded before.
            getattr(models, config["restorer"]["class_name"])
        else:
            model_class = getattr(models, kind, None)
        if not hasattr(model_class, "from_config"):
            raise ValueError(
                f"{self.folder} contains a model of class {kind!r}, which "
                "this version of kerasrestore does not know; update it."
            )
        name = name or self.folder.resolve().name
        model = model_class.from_config({**config, "name": name})
        weights = self.folder / "best.weights.h5"
        if not weights.is_file():
            raise ValueError(
                f"{self.folder} has no {weights.name} yet; continue training "
                "until the first validation."
            )
        model.load_weights(weights)
        return model


def load_run(folder, name=None):
    """Loads the best model of a training run.

    Args:
        folder: folder of the run, written by a recipe.
        name: name of the model; that of the folder unless given.

    Returns:
        The `Restorer` and its `Run`.

    Raises:
        ValueError: if the folder holds no training run or no weights yet.
    """
    run = Run(folder)
    return run.build(name), run
