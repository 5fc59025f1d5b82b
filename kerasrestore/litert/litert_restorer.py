"""Runs exported models with LiteRT, without Keras or TensorFlow."""

import os
from pathlib import Path

import numpy as np

from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.inference.tile_choice import pair
from kerasrestore.litert.litert_model import LiteRTModel
from kerasrestore.litert.self_test import make_self_test
from kerasrestore.litert.sidecar import read_model, sidecar_path
from kerasrestore.litert.trial import run_trial
from kerasrestore.models.presets import default_preset, find_preset

# Bytes that code and threads take on the first run, beside the tensors.
FIRST_RUN = 1_500_000


class LiteRTRestorer(ImageRestorer):
    """A `.tflite` with its sidecar, with the same `restore` as Keras models.

    Runs models of every quantization, with float32 or uint8 input and output.
    For byte input, an image is clipped to [0, 1] and rounded, half to even,
    before the network sees it.

    Any number of threads may share a restorer: it runs one tile at a time, on
    all of the interpreter's threads, in the memory of one tile. It can be
    pickled for other processes.

    Args:
        path: path of the `.tflite`, with its sidecar next to it.
        threads: threads of the interpreter; all cores by default.
        task: task that the model must have, for example `"denoise"`; any by
            default.
        tile: side of a tile or `(height, width)`, in pixels, for models
            with a dynamic input size; the sidecar's by default.
        trial: whether a model that did not come with the package is first
            tested in a child process, so that a damaged one cannot crash or
            hang this one. Takes about a second and one tile, once per model;
            `False` for files that you exported yourself.

    Attributes:
        sidecar: the sidecar as a dictionary.

    Raises:
        ValueError: if the file or its sidecar is missing or damaged, they do
            not match each other or the task, or LiteRT cannot run the model.

    Example:
    >>> import numpy as np
    >>> restorer = LiteRTRestorer.from_preset()
    >>> noisy = np.full((40, 30, 3), 128, "uint8")
    >>> restorer.restore(noisy).shape
    (40, 30, 3)
    """

    def __init__(self, path, threads=None, *, task=None, tile=None, trial=True):
        self.path = Path(path)
        threads = _check_threads(threads)
        content, self.sidecar = read_model(self.path)
        for attribute in (
            "name",
            "task",
            "channels",
            "scale",
            "size_multiple",
            "sigma_input",
        ):
            setattr(self, attribute, self.sidecar[attribute])
        # 0 means that the network sees the whole image.
        self.receptive_field = self.sidecar["receptive_field"] or None
        if task is not None and task != self.task:
            raise ValueError(
                f"{self.path} is made for {self.task}, not for {task}; choose "
                "another model."
            )
        self.fixed_tile = self._choose_tile(tile)
        # Without a trial, only the sidecar's figure is known.
        self._measured_bytes = 0
        if trial:
            self._measured_bytes = run_trial(
                self.path, content, self.sidecar, self.fixed_tile, threads
            )
        self._model = LiteRTModel(
            self.path, content, self.sidecar, self.fixed_tile, threads
        )

    @classmethod
    def from_preset(cls, name=None, threads=None, quantization=None):
        """Loads an exported file of a preset.

        Args:
            name: name or folder of the preset; `None` for the default one.
            threads: threads of the interpreter; all cores by default.
            quantization: `"float16"`, `"float32"` or `"int8"`; `None` for
                the first of these that the preset has.

        Returns:
            A `LiteRTRestorer`.

        Raises:
            ValueError: if the preset is unknown, it has no file of that
                quantization, or its files are damaged or contradict its
                card.
        """
        preset = find_preset(default_preset() if name is None else name)
        quantization = preset.tflite_kind(quantization)
        path = preset.tflite(quantization)
        sidecar_role = f"sidecar_{quantization}"
        # A card may omit the sidecar's checksum; the sidecar must exist all
        # the same and agree with the card.
        if sidecar_role in preset.files and (
            preset.checked_file(sidecar_role) != sidecar_path(path)
        ):
            raise ValueError(
                f"The card of {preset.name} names a sidecar other than "
                f"{sidecar_path(path).name}; install or download it again."
            )
        restorer = cls(path, threads)
        for key in ("task", "channels", "sigma_input"):
            if getattr(restorer, key) != getattr(preset, key):
                raise ValueError(
                    f"The card of {preset.name} has {key} "
                    f"{getattr(preset, key)!r}, the sidecar "
                    f"{getattr(restorer, key)!r}; install or download it again."
                )
        found = restorer.sidecar["quantization"]
        if quantization != found:
            raise ValueError(
                f"{path} is {found}, not {quantization} as in the card of "
                f"{preset.name}; install or download it again."
            )
        return restorer

    def restore_tile(self, tile, sigma):
        return np.stack([self._model.run(one, sigma) for one in tile])

    def make_self_test(self):
        """The self-test that the exporter stores in the sidecar."""
        return make_self_test(self._model)

    def memory_forecast(self, height, width):
        """Bytes that a tile takes in addition to what the process holds:
        copies of its pixels, and until the interpreter has run, the rest of
        what the trial measured or, without a trial, the sidecar declares."""
        area = height * width / np.prod(self.sidecar["tile"])
        total = self._measured_bytes or int(self.sidecar["memory_bytes"] * area)
        pixels = 4 * height * width * self.channels
        copies = pixels * (1 + 2 * self.scale**2)
        if self._model.ran:
            return copies
        return self._model.remaining_bytes(total) + copies + FIRST_RUN

    def _choose_tile(self, tile):
        recommended = tuple(self.sidecar["tile"])
        if tile is None or pair(tile) == recommended:
            return recommended
        sides = pair(tile)
        if not self.sidecar.get("dynamic"):
            raise ValueError(
                f"{self.path} runs at a fixed tile of {recommended[1]}x"
                f"{recommended[0]}, got tile={tile!r}; leave tile out."
            )
        least = 2 * self.sidecar["halo"]
        multiple = self.size_multiple
        if any(side % multiple for side in sides) or min(sides) <= least:
            raise ValueError(
                f"A tile of {sides[1]}x{sides[0]} does not fit {self.path}: "
                f"sides must be multiples of {multiple} and more than {least}."
            )
        return sides


def _check_threads(threads):
    if threads is None:
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:  # not on every system
            return os.cpu_count() or 1
    if type(threads) is not int or not 1 <= threads <= 1024:
        raise ValueError(
            f"threads must be an integer from 1 to 1024, got {threads!r}; "
            "leave it out for one per core."
        )
    return threads
