"""Runs exported models with LiteRT, without Keras or TensorFlow."""

import os
from pathlib import Path

import numpy as np

from kerasrestore.export.sidecar import read_sidecar
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.models.presets import default_preset, find_preset


class LiteRTRestorer(ImageRestorer):
    """A `.tflite` with its sidecar, with `restore` as Keras models have it.

    Args:
        path: path of the `.tflite`; its sidecar lies beside it.
        threads: threads of the interpreter; all cores unless given.

    Attributes:
        sidecar: the sidecar as a dictionary.

    Raises:
        ValueError: if the file or its sidecar are missing, damaged, or do
            not belong together.

    Example:
    >>> import numpy as np
    >>> restorer = LiteRTRestorer.from_preset()
    >>> noisy = np.full((40, 30, 3), 128, "uint8")
    >>> restorer.restore(noisy).shape
    (40, 30, 3)
    """

    def __init__(self, path, threads=None):
        self.path = Path(path)
        self.sidecar = read_sidecar(self.path)
        for attribute in (
            "name",
            "task",
            "channels",
            "scale",
            "size_multiple",
            "sigma_input",
        ):
            setattr(self, attribute, self.sidecar[attribute])
        # 0 stands for a network that sees the whole image.
        self.receptive_field = self.sidecar["receptive_field"] or None
        self.fixed_tile = tuple(self.sidecar["tile"])
        self._run = self._load(threads or _cores())

    @classmethod
    def from_preset(cls, name=None, threads=None):
        """Loads the exported file of a preset.

        Args:
            name: name or folder of the preset; `None` for the default one.
            threads: threads of the interpreter; all cores unless given.

        Returns:
            A `LiteRTRestorer`.

        Raises:
            ValueError: if there is no such preset or its file is damaged.
        """
        preset = find_preset(default_preset() if name is None else name)
        return cls(preset.checked_file("tflite"), threads)

    def _load(self, threads):
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(
                model_path=str(self.path), num_threads=threads
            )
            interpreter.allocate_tensors()
            run = interpreter.get_signature_runner()
            inputs = run.get_input_details()
            outputs = run.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"{self.path} is not a model that LiteRT can run ({error}); "
                "export it again."
            ) from error
        tile = (1, *self.fixed_tile, self.channels)
        wanted = {"image": tile}
        if self.sigma_input:
            wanted["sigma"] = (1,)
        found = {
            key: tuple(int(n) for n in detail["shape"])
            for key, detail in inputs.items()
        }
        if found != wanted or set(outputs) != {"restored"}:
            raise ValueError(
                f"{self.path} takes {found} and gives {sorted(outputs)}, its "
                f"sidecar speaks of {wanted} and ['restored']; export it "
                "again."
            )
        height, width = (side * self.scale for side in self.fixed_tile)
        restored = outputs["restored"]
        shape = tuple(int(n) for n in restored["shape"])
        if shape != (1, height, width, self.channels):
            raise ValueError(
                f"{self.path} gives {shape}, its sidecar speaks of "
                f"{(1, height, width, self.channels)}; export it again."
            )
        if any(
            detail["dtype"] != np.float32
            for detail in (*inputs.values(), restored)
        ):
            raise ValueError(
                f"{self.path} does not take and give float32; export it with "
                "float32 input and output."
            )
        # The runner keeps a weak hold of the interpreter only.
        self._interpreter = interpreter
        return run

    def restore_tile(self, tile, sigma):
        extra = {}
        if self.sigma_input:
            extra["sigma"] = np.full(1, sigma, np.float32)
        return np.concatenate(
            [
                self._run(image=np.ascontiguousarray(one[None]), **extra)[
                    "restored"
                ]
                for one in tile
            ]
        )

    def memory_forecast(self, height, width):
        """Bytes that the interpreter's tensors take; its tile is fixed."""
        return self.sidecar["memory_bytes"]


def _cores():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
