"""Restoring one photo file: for the command line, worker processes and
pipelines alike."""

import dataclasses
import io
import time
from pathlib import Path

from kerasrestore.archive.file_record import FileRecord
from kerasrestore.quiet import quiet_stderr


class OptionError(ValueError):
    """An option that the restorer rejects for every photo."""


def restored_name(name, options):
    """The name of the restored copy of a photo.

    Args:
        name: path of the photo.
        options: `FileOptions`.

    Returns:
        Path in the same folder.

    Example:
    >>> from kerasrestore.archive.file_options import FileOptions
    >>> str(restored_name(Path("a.heic"), FileOptions(suffix="_clean")))
    'a_clean.png'
    """
    from kerasrestore.photos.formats import FORMATS, READ_ONLY, WRITTEN

    name = Path(name)
    ending = name.suffix.lower()
    if options.format is not None and FORMATS.get(ending) != options.format:
        ending = WRITTEN[options.format].suffixes[0]
    else:
        ending = READ_ONLY.get(ending, name.suffix)
    return name.with_name(f"{name.stem}{options.suffix}{ending}")


def restore_file(source, target, load, options, progress=None):
    """Restores one photo file.

    Args:
        source: path or binary file.
        target: path, which is written whole or not at all, or binary file.
        load: function from the channels of a photo, 1 or 3, to the restorer
            for it.
        options: `FileOptions`.
        progress: function `(done, total)` that is told of every tile.

    Returns:
        A `FileRecord`.

    Raises:
        PhotoError: if the file cannot be read, restored or written.
        OptionError: if the restorer does not take an option.
        ValueError: if the model cannot be loaded.
        MemoryError: if memory runs out.

    Example:
    >>> import io
    >>> from PIL import Image
    >>> from kerasrestore.archive.file_options import FileOptions
    >>> from kerasrestore.archive.restorer_choice import RestorerChoice
    >>> source, target = io.BytesIO(), io.BytesIO()
    >>> Image.new("L", (30, 20), 99).save(source, "PNG")
    >>> _ = source.seek(0)
    >>> record = restore_file(
    ...     source, target, RestorerChoice().load, FileOptions()
    ... )
    >>> record.outcome, record.width, record.height
    ('restored', 30, 20)
    """
    from kerasrestore.photos import (
        PhotoError,
        check_writable,
        read_photo,
        write_photo,
    )
    from kerasrestore.photos.formats import WRITTEN

    begun = time.monotonic()
    with quiet_stderr():  # some decoders print to the terminal
        photo = read_photo(source, max_pixels=options.max_pixels)
    notes = photo.notes
    white = options.white_level
    if options.bits is not None:
        photo, white = photo.with_bits(options.bits, white), None
    kind = options.format
    if kind is None and hasattr(target, "write"):
        deep = "TIFF" if photo.pixels.dtype.kind == "f" else "PNG"
        kind = photo.format if photo.format in WRITTEN else deep
    check_writable(target, photo, format=kind)
    restorer = load(1 if photo.pixels.ndim == 2 else 3)
    try:
        restored = restorer.restore(
            photo,
            sigma=options.sigma,
            strength=options.strength,
            pattern=options.pattern,
            white_level=white,
            tile=options.tile,
            overlap=options.overlap,
            ensemble=options.ensemble,
            memory_limit=options.memory_limit,
            progress=progress,
        )
    except PhotoError:
        raise
    except ValueError as error:
        raise OptionError(error) from error
    # Encoding needs the memory of a large photo's pixels.
    del photo
    notes += tuple(
        write_photo(target, restored, format=kind, quality=options.quality)
    )
    width, height = restored.size
    return FileRecord(
        source=_name(source),
        target=_name(target),
        outcome="restored",
        seconds=time.monotonic() - begun,
        width=width,
        height=height,
        model=restorer.name,
        notes=notes,
    )


def restore_bytes(data, name, load, options, progress=None):
    """Restores the content of a photo file. A bad file is no exception, as a
    pipeline has more of them.

    Args:
        data: content of the file.
        name: its name, for messages; its extension and the options decide on
            the output format, as in `restored_name`.
        load: as in `restore_file`.
        options: `FileOptions`.
        progress: as in `restore_file`.

    Returns:
        The content of the restored file, or `None`, and a `FileRecord`.

    Raises:
        OptionError: if the restorer does not take an option.

    Example:
    >>> from kerasrestore.archive.file_options import FileOptions
    >>> content, record = restore_bytes(b"GIF89a", "a.png", None, FileOptions())
    >>> content, record.outcome
    (None, 'failed')
    """
    from kerasrestore.photos.formats import FORMATS

    begun = time.monotonic()
    target = restored_name(name, options)
    source, out = _Named(data), _Named()
    source.name, out.name = str(name), str(target)
    implied = FORMATS.get(target.suffix.lower())
    if options.format is None and implied is not None:
        options = dataclasses.replace(options, format=implied)
    try:
        record = restore_file(source, out, load, options, progress)
    except OptionError:
        raise
    except Exception as error:
        return None, failed(name, target, error, time.monotonic() - begun)
    return out.getvalue(), record


class _Named(io.BytesIO):
    """A file in memory that messages can name."""

    name = None


def failed(source, target, error, seconds=0.0):
    """The `FileRecord` of a photo that could not be restored.

    Args:
        source: name of the photo.
        target: name its copy would have had.
        error: exception, or a sentence.
        seconds: time until it failed.

    Example:
    >>> failed("a.png", "b.png", MemoryError()).reason
    'a.png: MemoryError'
    """
    reason = describe_failure(source, error)
    return FileRecord(
        str(source), str(target), "failed", seconds, reason=reason
    )


def describe_failure(path, error):
    """One line on why a photo failed, which names its path once.

    Example:
    >>> describe_failure("a.png", ValueError("a.png is damaged."))
    'a.png is damaged.'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if str(path) in text else f"{path}: {text}"


def _name(file):
    if hasattr(file, "read") or hasattr(file, "write"):
        return str(getattr(file, "name", None) or "-")
    return str(file)
