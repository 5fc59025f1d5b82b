"""Which restorer works on the photos, as a value that can be handed on."""

import dataclasses
import os
from functools import lru_cache

from kerasrestore.quiet import quiet_stderr

# Restorers that stay loaded in a process.
KEPT = 4


@dataclasses.dataclass(frozen=True)
class RestorerChoice:
    """Which restorer works on the photos. It can be pickled: each process
    loads the model itself, once.

    Args:
        preset: name or folder of a preset; `None` for the default ones, for
            gray or colour photos.
        runtime: `"litert"` or `"keras"`.
        task: as in `load_restorer`, as are the following.
        scale: upscaling factor.
        quantization: which file of the preset LiteRT runs.
        model: path of a `.tflite`, in place of a preset.
        threads: threads of LiteRT; all cores by default.

    Example:
    >>> RestorerChoice().load(1).name
    'danet_mobile_denoise_gray_camera_cc0'
    """

    preset: str | None = None
    runtime: str = "litert"
    task: str | None = None
    scale: int | None = None
    quantization: str | None = None
    model: str | None = None
    threads: int | None = None

    def load(self, channels):
        """The restorer for photos of 1 or 3 channels.

        Raises:
            ValueError: as `load_restorer`.
        """
        # A model that was given explicitly is used for every photo.
        named = self.preset is not None or self.model is not None
        return _loaded(self, None if named else channels)


@lru_cache(maxsize=KEPT)
def _loaded(choice, channels):
    return load_restorer(channels=channels, **dataclasses.asdict(choice))


def load_restorer(
    preset,
    runtime,
    channels=3,
    task=None,
    scale=None,
    quantization=None,
    model=None,
    threads=None,
):
    """Loads a restorer.

    Args:
        preset: name or folder of a preset; `None` for the default one.
        runtime: `"litert"` or `"keras"`.
        channels: channels of the default preset, 3 or 1.
        task: task of the default preset, or several, separated by commas;
            `None` for denoising, or any task of a given model.
        scale: upscaling factor of the default preset; `None` for any.
        quantization: which file of the preset LiteRT runs; float16 by
            default.
        model: path of a `.tflite`, in place of a preset.
        threads: threads of LiteRT; all cores by default.

    Returns:
        A `LiteRTRestorer` or `Restorer`, or a `RestorerChain`.

    Raises:
        ValueError: if the preset or file is missing or damaged, or options
            contradict each other.
    """
    if model is not None:
        if runtime == "keras" or quantization is not None:
            raise ValueError(
                f"{model} runs through LiteRT, with its own quantization; "
                "leave --runtime keras and --quantization out."
            )
        return _checked(load_tflite(model, threads), task, scale)
    if preset is not None:
        found = _load((preset,), runtime, quantization, threads)
        return _checked(found, task, scale)
    from kerasrestore.litert.load_restorer import preset_names

    names = preset_names(task or "denoise", channels, scale)
    return _load(names, runtime, quantization, threads)


def _checked(restorer, task, scale):
    """A restorer that was named, if it does what is asked for."""
    if task not in (None, restorer.task):
        raise ValueError(
            f"{restorer.name} is made for {restorer.task}, not for {task}; "
            "leave --task out or choose another model."
        )
    if scale not in (None, restorer.scale):
        raise ValueError(
            f"{restorer.name} has scale {restorer.scale}, not {scale}; leave "
            "--scale out or choose another model."
        )
    return restorer


def _load(names, runtime, quantization, threads):
    from kerasrestore.litert.load_restorer import chained, load_presets

    if runtime == "litert":
        with quiet_stderr():
            return load_presets(names, quantization, threads)
    if quantization is not None:
        raise ValueError(
            "--quantization selects a file for LiteRT; leave it or "
            "--runtime keras out."
        )
    # XLA, which compiles attention, would log to the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with quiet_stderr():
            from kerasrestore.models.restorer import Restorer

            return chained(Restorer.from_preset(name) for name in names)
    except ImportError as error:
        raise ValueError(
            f"The keras runtime cannot be loaded ({error}); install what "
            "is missing or leave --runtime out."
        ) from error


def load_tflite(path, threads=None):
    """Loads a `.tflite` file with its sidecar as a `LiteRTRestorer`."""
    from kerasrestore.litert.litert_restorer import LiteRTRestorer

    with quiet_stderr():
        return LiteRTRestorer(path, threads)
