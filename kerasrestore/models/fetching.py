"""Files of presets that are not in the installed package.

A preset's card has the checksum of every file, so that files may come from
anywhere: a folder, a web server or a repository of Hugging Face. They are
kept in a cache, where `Preset.checked_file` finds them.
"""

import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from kerasrestore.files import write_atomically
from kerasrestore.locks import locked

CARD = "card.json"
# Cards take some kilobytes, weights some megabytes.
LARGEST_CARD = 2**20
NAME = r"[\w.-]{1,200}"
LARGEST_FILE = 2**30
# Seconds without an answer of a web server.
PATIENCE = 30.0
CHUNK = 2**20
HUB = "hf://"
WEB = ("https://", "http://")


def cache_folder():
    """Folder of fetched presets: `KERASRESTORE_CACHE` if that is set, else
    `kerasrestore` in the user's cache folder.

    Example:
    >>> cache_folder().name
    'kerasrestore'
    """
    own = os.environ.get("KERASRESTORE_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).expanduser() / "kerasrestore"


def is_address(text):
    """Whether a preset is named by an address rather than name or folder."""
    return text.startswith((HUB, *WEB))


def file_sha256(path):
    """SHA-256 of a file as a hexadecimal string."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cached_file(preset, name, sha256):
    """Path of a fetched file with that checksum, or `None`.

    Args:
        preset: name of the preset.
        name: name of the file.
        sha256: its checksum.
    """
    path = _place(preset, name)
    return path if path.is_file() and file_sha256(path) == sha256 else None


def fetch_file(preset, name, sha256, source):
    """Fetches a file into the cache.

    Args:
        preset: name of the preset.
        name: name of the file.
        sha256: its checksum in the card of its preset.
        source: folder, or address of one, that holds the file.

    Returns:
        Its path in the cache.

    Raises:
        ValueError: if the file is not there, cannot be read, or is another
            one; nothing is kept then.
    """
    path = _place(preset, name)
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(file):
        digest = hashlib.sha256()
        for chunk in _chunks(source, name, LARGEST_FILE):
            digest.update(chunk)
            file.write(chunk)
        if digest.hexdigest() != sha256:
            raise ValueError(
                f"{name} of {source} does not match the checksum in the card "
                "of its preset; it is damaged or of another version."
            )

    # Of several processes, one fetches it, and the others wait for that.
    with locked(path.with_name(f".{path.name[:50]}.lock")):
        if not cached_file(preset, name, sha256):
            write_atomically(path, write)
    return path


def fetch_card(source):
    """Fetches the card of a preset and the files beside it into the cache.

    Args:
        source: address of the preset's folder.

    Returns:
        Folder in the cache that holds the card and its files.

    Raises:
        ValueError: if the card cannot be read, or as `fetch_file`.
    """
    content = b"".join(_chunks(source, CARD, LARGEST_CARD))
    try:
        card = json.loads(content)
        files = [
            (Path(entry["file"]).name, entry["sha256"])
            for entry in card["files"].values()
        ]
        name = card["name"]
        valid = all(re.fullmatch("[0-9a-f]{64}", sha) for _, sha in files)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        valid = False
    if not valid or not (isinstance(name, str) and re.fullmatch(NAME, name)):
        raise ValueError(
            f"{source} has no valid {CARD}; give the address of a preset's "
            "folder."
        )
    version = hashlib.sha256(content).hexdigest()[:16]
    folder = cache_folder() / "presets" / f"{name}-{version}"
    for file, sha256 in files:
        if not cached_file(folder.name, file, sha256):
            fetch_file(folder.name, file, sha256, source)
    # Last, so that a folder with a card is complete.
    write_atomically(folder / CARD, lambda file: file.write(content))
    return folder


def _place(preset, name):
    # Cards are untrusted: the path must not leave the folder.
    return cache_folder() / "presets" / Path(preset).name / Path(name).name


def _chunks(source, name, most):
    """The content of a file of a folder or an address, in pieces."""
    try:
        with _opened(str(source), name) as file:
            total = 0
            while chunk := file.read(CHUNK):
                total += len(chunk)
                if total > most:
                    raise ValueError(
                        f"{name} of {source} is larger than "
                        f"{most / 2**20:.0f} MiB; it is no file of a preset."
                    )
                yield chunk
    except urllib.error.HTTPError as error:
        raise ValueError(
            f"{source} has no {name} (the server answers {error.code}); check "
            "the address."
        ) from error
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise ValueError(
            f"{name} of {source} could not be read ({reason}); check the name "
            "and the network connection."
        ) from error


def _opened(source, name):
    if source.startswith(HUB):
        try:
            from huggingface_hub import hf_hub_download
        except ImportError as error:
            raise ValueError(
                f"Downloading {source} requires huggingface_hub; run pip "
                'install "kerasrestore[hub]".'
            ) from error
        try:
            return open(hf_hub_download(source[len(HUB) :], name), "rb")
        except ValueError as error:  # an invalid name
            raise OSError(str(error)) from error
    if source.startswith(WEB):
        request = urllib.request.Request(
            f"{source.rstrip('/')}/{name}",
            headers={"User-Agent": "kerasrestore"},
        )
        return urllib.request.urlopen(request, timeout=PATIENCE)
    return open(Path(source).expanduser() / name, "rb")
