"""Presets: trained models with their metadata.

A preset is a folder with `card.json`, the Keras weights, the exported
`.tflite` files with their sidecars, the training log and training curve and,
after quantization-aware training, the int8 weights. The card holds the
checksum of every file. `kerasrestore.export.save_preset` writes presets;
reading them does not require Keras.
"""

import json
import re
from pathlib import Path

from kerasrestore.messages import one_line, reason
from kerasrestore.models.fetching import (
    CARD,
    HUB,
    LARGEST_CARD,
    NAME,
    WEB,
    cached_file,
    fetch_card,
    file_sha256,
)

ROOT = Path(__file__).parent
# Role of the weights from quantization-aware training.
INT8_WEIGHTS = "int8_weights"
# Kinds of `.tflite` files in order of preference: float16 reaches the PSNR of
# float32 at half the size.
KINDS = ("float16", "float32", "int8")

# Required fields of a card, with their types.
WANTED = {
    "name": str,
    "model": str,
    "config": dict,
    "task": str,
    "degradation": dict,
    "channels": int,
    "sigma_input": bool,
    "parameters": int,
    "macs_per_pixel": (int, float),
    "training_data": str,
    "license": str,
    "description": str,
    "psnr": dict,
    "quality": dict,
    "files": dict,
}


class Preset:
    """A trained model's card and files.

    Args:
        folder: folder that contains `card.json`.

    Attributes:
        name: name such as `danet_mobile_denoise_color_blind_bsd400`.
        model: name of the model class.
        config: constructor arguments of the model.
        task, degradation, channels, sigma_input, parameters, macs_per_pixel,
        training_data, license, description: as in the card.
        scale: upscaling factor, 1 except for super-resolution.
        psnr: measured PSNR, `{"CBSD68": {"15": ..., "25": ...}, ...}`.
        quality: all measured metrics by data set and noise level.
        sha256: checksum of the Keras weights.
        card: the complete card.

    Raises:
        ValueError: if the card is missing, unreadable or incomplete.
    """

    def __init__(self, folder):
        self.path = Path(folder)
        try:
            if (self.path / CARD).stat().st_size > LARGEST_CARD:
                raise ValueError("it is larger than any card")
            with open(self.path / CARD, encoding="utf-8") as file:
                self.card = json.load(file)
        # Deeply nested JSON raises a RecursionError.
        except (OSError, ValueError, RecursionError) as error:
            raise ValueError(
                f"{self.path} has no readable {CARD} ({reason(error)}); give a "
                "preset folder."
            ) from error
        for key, kind in WANTED.items():
            value = self.card.get(key) if isinstance(self.card, dict) else None
            if not isinstance(value, kind) or (
                key == "name" and not re.fullmatch(NAME, value)
            ):
                raise ValueError(
                    f"{self.path / CARD} has no valid {key!r}; the preset is "
                    "damaged, download it again."
                )
            setattr(self, key, value)

    @property
    def scale(self):
        return self.config.get("scale", 1)

    @property
    def sha256(self):
        return self.files["weights"]["sha256"]

    def file(self, role):
        """Path of a file by its role, such as weights, tflite_int8 or log."""
        entry = self.files.get(role)
        if not isinstance(entry, dict) or not all(
            isinstance(entry.get(key), str) for key in ("file", "sha256")
        ):
            raise ValueError(
                f"The preset {self.name} has no valid entry {role!r}; its "
                f"card has {', '.join(sorted(self.files)) or 'none'}."
            )
        # Cards are untrusted: the path must not leave the folder.
        return self.path / Path(entry["file"]).name

    def checked_file(self, role):
        """Path of a file, after its checksum has been verified; a file that
        is not in the folder may have been fetched before.

        Raises:
            ValueError: if the card does not list the file, or it is missing
                or damaged.
        """
        path = self.file(role)
        sha256 = self.files[role]["sha256"]
        if not path.is_file():
            fetched = cached_file(self.name, path.name, sha256)
            if fetched is None:
                raise ValueError(
                    f"The preset {self.name} is missing its file "
                    f"{one_line(path.name)}; get it with kerasrestore fetch "
                    f"{self.name}."
                )
            return fetched
        if file_sha256(path) != sha256:
            raise ValueError(
                f"{path} does not match the checksum in the card of "
                f"{self.name}; install or download the preset again."
            )
        return path

    @property
    def tflite_kinds(self):
        """Kinds of `.tflite` files in the preset, in order of preference."""
        return [kind for kind in KINDS if f"tflite_{kind}" in self.files]

    def tflite_kind(self, kind=None):
        """Kind of `.tflite` file to run: the requested one, else the first of
        float16, float32 and int8 that the preset has.

        Raises:
            ValueError: if the preset has no such file.
        """
        kinds = self.tflite_kinds
        if kind is None and kinds:
            return kinds[0]
        if kind not in kinds:
            raise ValueError(
                f"The preset {self.name} has no {kind or '.tflite'} file; it "
                f"has {', '.join(kinds) or 'none'} (kerasrestore export "
                "writes others)."
            )
        return kind

    def tflite(self, kind=None):
        """Path of the `.tflite` file that `tflite_kind` selects, after its
        checksum has been verified."""
        return self.checked_file(f"tflite_{self.tflite_kind(kind)}")


def presets():
    """All presets in the package, sorted by name.

    Example:
    >>> any(preset.task == "denoise" for preset in presets())
    True
    """
    folders = sorted(card.parent for card in ROOT.glob(f"*/presets/*/{CARD}"))
    return sorted((Preset(folder) for folder in folders), key=lambda p: p.name)


def get_preset(name):
    """Looks up a preset of the package by name.

    Raises:
        ValueError: if the name is unknown; the message lists the known ones.
    """
    known = {preset.name: preset for preset in presets()}
    if name not in known:
        raise ValueError(
            f"Unknown preset {name!r}; choose one of {', '.join(known)}."
        )
    return known[name]


def default_preset(task="denoise", channels=3, scale=None):
    """Name of the preset that is used when none is given.

    A default with as many channels as the image is preferred. Where a task
    has none for gray images, they use the colour default, which restores them
    as three equal channels.

    Args:
        task: name of a task.
        channels: 3 for colour images, 1 for gray ones.
        scale: upscaling factor; `None` for the smallest that the task has.

    Raises:
        ValueError: if there is no default preset for the task.

    Example:
    >>> default_preset("denoise", channels=1)
    'danet_mobile_denoise_gray_camera_cc0'
    """
    defaults = [
        preset
        for preset in presets()
        if preset.task == task and preset.card.get("default")
    ]
    scales = sorted({preset.scale for preset in defaults})
    if scales and scale is None:
        scale = scales[0]
    found = {one.channels: one.name for one in defaults if one.scale == scale}
    name = found.get(channels, found.get(3))
    if name is None:
        enlarged = f" at scale {scale}" if scales and scale != 1 else ""
        others = f" (it has {', '.join(map(str, scales))})" if enlarged else ""
        raise ValueError(
            f"No preset in the package supports {task}{enlarged} with "
            f"{channels} channel(s){others}; name a preset or give a preset "
            "folder."
        )
    return name


def find_preset(preset):
    """Finds a preset by name, folder, web address or `hf://user/repository`.

    What is downloaded stays in a cache, see `cache_folder`.

    Raises:
        ValueError: if the preset does not exist, an address cannot be read,
            or `hf://` is given and huggingface_hub is not installed.
    """
    text = str(preset)
    if text.startswith(WEB):
        return Preset(fetch_card(text))
    if text.startswith(HUB):
        try:
            from huggingface_hub import snapshot_download
        except ImportError as error:
            raise ValueError(
                f"Downloading {text} requires huggingface_hub; run pip install "
                '"kerasrestore[hub]".'
            ) from error
        wanted = ["*.json", "*.h5", "*.tflite"]
        try:
            folder = snapshot_download(text[len(HUB) :], allow_patterns=wanted)
        except (OSError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(
                f"{text} could not be downloaded ({reason}); check the name "
                "and the network connection."
            ) from error
        return Preset(folder)
    if (Path(preset) / CARD).is_file():
        return Preset(preset)
    return get_preset(text)
