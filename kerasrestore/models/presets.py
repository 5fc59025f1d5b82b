"""Trained models: where they are and what is known about them.

A preset is a folder with `card.json`, the Keras weights, the exported
`.tflite` files with their sidecars, the training's log and its curve; where it
was trained for int8 too, those weights as well. The card holds the checksum of
every file. `kerasrestore.export.save_preset` writes them; nothing here needs
Keras.
"""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parent
CARD = "card.json"
# What a card calls the weights of the quantization-aware training.
INT8_WEIGHTS = "int8_weights"
# Kinds of `.tflite` files, the one that runs unless another is asked for
# first: float16 has the PSNR of float32 at half its size.
KINDS = ("float16", "float32", "int8")

# Required fields of a card and their types.
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
        folder: folder that holds `card.json`.

    Attributes:
        name: such as `danet_mobile_denoise_color_blind_bsd400`.
        model: name of the model's class.
        config: arguments that build the model.
        task, degradation, channels, sigma_input, parameters, macs_per_pixel,
        training_data, license, description: as in the card.
        psnr: measured PSNR, `{"CBSD68": {"15": ..., "25": ...}, ...}`.
        quality: all measured figures by set and noise level.
        sha256: checksum of the Keras weights.
        card: all of it.

    Raises:
        ValueError: if the card is missing, unreadable or incomplete.
    """

    def __init__(self, folder):
        self.path = Path(folder)
        try:
            with open(self.path / CARD, encoding="utf-8") as file:
                self.card = json.load(file)
        # A text of ten thousand brackets ends in a RecursionError.
        except (OSError, ValueError, RecursionError) as error:
            raise ValueError(
                f"{self.path} holds no readable {CARD} ({error}); give the "
                "folder of a preset."
            ) from error
        for key, kind in WANTED.items():
            value = self.card.get(key) if isinstance(self.card, dict) else None
            if not isinstance(value, kind):
                raise ValueError(
                    f"{self.path / CARD} has no valid {key!r}; the preset is "
                    "damaged, download it again."
                )
            setattr(self, key, value)

    @property
    def sha256(self):
        return self.files["weights"]["sha256"]

    def file(self, role):
        """Path of a file by its role: weights, tflite_int8, log and more."""
        entry = self.files.get(role)
        if not isinstance(entry, dict) or not all(
            isinstance(entry.get(key), str) for key in ("file", "sha256")
        ):
            raise ValueError(
                f"The preset {self.name} has no valid entry {role!r}; its "
                f"card has {', '.join(sorted(self.files)) or 'none'}."
            )
        # A card is a stranger's text: it may not point out of its folder.
        return self.path / Path(entry["file"]).name

    def checked_file(self, role):
        """Path of a file whose checksum is right.

        Raises:
            ValueError: if the card has no such file, or it is missing or
                damaged.
        """
        path = self.file(role)
        if not path.is_file():
            raise ValueError(
                f"The preset {self.name} lacks its file {path.name}; "
                + (
                    "those weights are not part of the installed package: "
                    "take them from its repository."
                    if role == INT8_WEIGHTS
                    else "install or download it again."
                )
            )
        if file_sha256(path) != self.files[role]["sha256"]:
            raise ValueError(
                f"{path} does not have the checksum of the card of "
                f"{self.name}; install or download it again."
            )
        return path

    def tflite_kind(self, kind=None):
        """Which `.tflite` runs: the one asked for, else float16, float32 or
        int8, the first of these that the preset has.

        Raises:
            ValueError: if it has no such file.
        """
        there = [k for k in KINDS if f"tflite_{k}" in self.files]
        if kind is None and there:
            return there[0]
        if kind not in there:
            raise ValueError(
                f"The preset {self.name} has no {kind or '.tflite'} file; it "
                f"has {', '.join(there) or 'none'}. kerasrestore export "
                "writes others."
            )
        return kind

    def tflite(self, kind=None):
        """Path of a `.tflite`, see `tflite_kind`, whose checksum is right."""
        return self.checked_file(f"tflite_{self.tflite_kind(kind)}")


def file_sha256(path):
    """SHA-256 of a file as a hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def presets():
    """All trained models inside the package, sorted by name.

    Example:
    >>> any(preset.task == "denoise" for preset in presets())
    True
    """
    folders = sorted(card.parent for card in ROOT.glob(f"*/presets/*/{CARD}"))
    return sorted((Preset(folder) for folder in folders), key=lambda p: p.name)


def get_preset(name):
    """The preset of that name.

    Raises:
        ValueError: if there is none, with the names that there are.
    """
    known = {preset.name: preset for preset in presets()}
    if name not in known:
        raise ValueError(
            f"There is no preset {name!r}; there are {', '.join(known)}."
        )
    return known[name]


def default_preset(task="denoise", channels=3):
    """Name of the preset that is taken where none was named.

    A default with as many channels as the image comes first; without one, a
    gray image goes to the colour default, which restores it as three equal
    channels.

    Args:
        task: name of a task.
        channels: 3 for colour images, 1 for gray ones.

    Raises:
        ValueError: if no preset does that task.
    """
    defaults = {
        preset.channels: preset.name
        for preset in presets()
        if preset.task == task and preset.card.get("default")
    }
    found = defaults.get(channels, defaults.get(3))
    if found is None:
        raise ValueError(
            f"No preset inside the package does {task} with {channels} "
            "channel(s); name one, or give a folder."
        )
    return found


def find_preset(preset):
    """A preset by name, folder or `hf://user/repository`.

    Raises:
        ValueError: if there is none, or `hf://` is asked for without the
            package huggingface_hub or cannot be fetched.
    """
    text = str(preset)
    if text.startswith("hf://"):
        try:
            from huggingface_hub import snapshot_download
        except ImportError as error:
            raise ValueError(
                f"{text} is fetched with huggingface_hub: pip install "
                '"kerasrestore[hub]".'
            ) from error
        wanted = ["*.json", "*.h5", "*.tflite"]
        try:
            folder = snapshot_download(
                text[len("hf://") :], allow_patterns=wanted
            )
        except (OSError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(
                f"{text} could not be fetched ({reason}); check the name and "
                "the network."
            ) from error
        return Preset(folder)
    if (Path(preset) / CARD).is_file():
        return Preset(preset)
    return get_preset(text)
