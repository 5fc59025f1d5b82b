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


class LiteRTRestorer(ImageRestorer):
    """A `.tflite` with its sidecar, with `restore` as Keras models have it.

    Models of every quantization, with float32 or uint8 input and output.
    Where the input is bytes, an image is clipped to [0, 1] and rounded, half
    to even, before the network sees it.

    Any number of threads may share a restorer: tiles take turns, each on all
    of the interpreter's threads, in the memory of one. It can be pickled for
    other processes.

    Args:
        path: path of the `.tflite`; its sidecar lies beside it.
        threads: threads of the interpreter; all cores unless given.
        task: task that the model is wanted for, `"denoise"` for example;
            any unless given.
        tile: side of a tile or `(height, width)`, in pixels, for models
            with free height and width; the sidecar's unless given.
        trial: whether a model that is not the package's own is first tried
            in a child process, so that a damaged one cannot crash or hang
            this one. Takes a second and one tile, once for each model;
            `False` for files that you made yourself.

    Attributes:
        sidecar: the sidecar as a dictionary.

    Raises:
        ValueError: if the file or its sidecar are missing, damaged, do not
            belong together or to the task, or LiteRT cannot run the model.

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
        # 0 stands for a network that sees the whole image.
        self.receptive_field = self.sidecar["receptive_field"] or None
        if task is not None and task != self.task:
            raise ValueError(
                f"{self.path} is made for {self.task}, not for {task}; choose "
                "another model."
            )
        self.fixed_tile = self._choose_tile(tile)
        # Nothing is known of a model that was not tried but what it says.
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
            threads: threads of the interpreter; all cores unless given.
            quantization: `"float16"`, `"float32"` or `"int8"`; `None` for
                the first of these that the preset has.

        Returns:
            A `LiteRTRestorer`.

        Raises:
            ValueError: if there is no such preset, it has no file of that
                quantization, or its files are damaged or contradict its
                card.
        """
        preset = find_preset(default_preset() if name is None else name)
        quantization = preset.tflite_kind(quantization)
        path = preset.tflite(quantization)
        sidecar_role = f"sidecar_{quantization}"
        # A card may leave the sidecar's checksum out; it lies there all the
        # same and has to agree with the card.
        if sidecar_role in preset.files and (
            preset.checked_file(sidecar_role) != sidecar_path(path)
        ):
            raise ValueError(
                f"The card of {preset.name} names another sidecar than "
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
                f"{path} is {found}, not {quantization} as the card of "
                f"{preset.name} has it; install or download it again."
            )
        return restorer

    def restore_tile(self, tile, sigma):
        return np.stack([self._model.run(one, sigma) for one in tile])

    def make_self_test(self):
        """The known answer that an exporter puts into the sidecar."""
        return make_self_test(self._model)

    def memory_forecast(self, height, width):
        """Bytes that the interpreter takes for its tile: what the sidecar
        tells, or what the trial measured if that was more."""
        told = self.sidecar["memory_bytes"]
        area = height * width / np.prod(self.sidecar["tile"])
        return max(int(told * area), self._measured_bytes)

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
                f"sides are multiples of {multiple} and more than {least}."
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
            "threads is how many threads the interpreter has, 1 to 1024, got "
            f"{threads!r}; leave it out for one on each core."
        )
    return threads
