"""Finds the photos for a command, and where each restored one goes."""

import glob
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

STREAM = Path("-")


class Job(NamedTuple):
    """One photo: where it is, and where its restored copy goes."""

    source: Path
    target: Path


class Jobs(NamedTuple):
    """Photos to restore, and what has to be left out.

    Attributes:
        photos: list of `Job`.
        unsupported: paths of images in formats that are not supported.
        failed: messages about what cannot be read or written.
    """

    photos: list
    unsupported: list
    failed: list


def find_jobs(inputs, output, rename):
    """Finds the photos of files, patterns and folders.

    Args:
        inputs: list of paths and patterns.
        output: output folder; photos of a folder keep their relative path.
        rename: function from the name of a photo to that of its copy.

    Returns:
        `Jobs`.

    Raises:
        ValueError: if an input does not exist.
    """
    jobs = Jobs([], [], [])
    for source in expand(inputs):
        if source.is_dir():
            _find_in_folder(source, output, rename, jobs)
        else:
            target = output / rename(Path(source.name))
            jobs.photos.append(Job(source, target))
    taken = {}
    # Those that keep their name come first.
    order = sorted(
        jobs.photos, key=lambda job: job.target.name != job.source.name
    )
    for job in order:
        other = taken.setdefault(job.target, job.source)
        if other != job.source:
            jobs.photos.remove(job)
            jobs.failed.append(
                f"{job.source} would be saved as {job.target}, as would "
                f"{other}; restore it on its own or with --suffix."
            )
    return jobs


def expand(inputs):
    """Paths, with patterns expanded that the shell has left (`"*.jpg"`)."""
    found = []
    for text in inputs:
        path = Path(text).expanduser()
        if path.exists() or path == STREAM:
            found.append(path)
            continue
        matches = sorted(glob.glob(str(path), recursive=True))
        if not matches:
            raise ValueError(f"{path} does not exist; check the name.")
        found += map(Path, matches)
    return found


def _find_in_folder(source, output, rename, jobs):
    """Finds photos in a folder and its subfolders, except the output folder."""
    from kerasrestore.photos.formats import RAW_SUFFIXES, SUFFIXES

    own = output.resolve()

    def unreadable(error):
        jobs.failed.append(
            f"{error.filename} cannot be read ({error.strerror}); check its "
            "permissions."
        )

    for where, folders, names in os.walk(source, onerror=unreadable):
        folder = Path(where)
        folders[:] = sorted(
            name
            for name in folders
            if (folder / name).resolve() != own and not name.startswith(".")
        )
        for name in sorted(names):
            path = folder / name
            suffix = path.suffix.lower()
            if name.startswith("."):
                continue
            if suffix in SUFFIXES and not (
                suffix in RAW_SUFFIXES and find_spec("rawpy") is None
            ):
                place = rename(path.relative_to(source))
                jobs.photos.append(Job(path, output / place))
            elif suffix in _picture_suffixes():
                jobs.unsupported.append(path)


@cache
def _picture_suffixes():
    """File extensions of images, supported or not."""
    from PIL import Image

    from kerasrestore.photos.formats import RAW_SUFFIXES

    Image.init()
    others = {".svg", ".jxr", ".wdp", ".hdr", ".heics", ".heifs"}
    documents = {".pdf", ".mpg", ".mpeg", ".h5", ".hdf", ".bufr", ".grib"}
    known = {*Image.registered_extensions(), *RAW_SUFFIXES, *others}
    return known - documents
