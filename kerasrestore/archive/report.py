"""The report of an archive: a line of JSON for each photo."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from kerasrestore.locks import locked


class Report:
    """Writes what became of photos, as they are done. A file that exists is
    continued; a last line that was cut off when its run was killed is dropped.
    Of several lines for a photo, the last one counts.

    Args:
        path: file to write; its folder has to exist.

    Raises:
        ValueError: if it cannot be written, is no report, or another run is
            writing to it.

    Example:
    >>> import tempfile
    >>> from kerasrestore.archive.file_record import FileRecord
    >>> path = Path(tempfile.mkdtemp()) / "report.jsonl"
    >>> with Report(path) as report:
    ...     report.add(FileRecord("a.png", "b/a.png", "restored"))
    >>> with Report(path) as report:
    ...     report.has("b/a.png")
    True
    """

    def __init__(self, path):
        self.path = Path(path)
        self._stack = contextlib.ExitStack()
        self._restored = set()

    def __enter__(self):
        # The report may already have the longest name allowed.
        name = hashlib.sha256(os.fsencode(self.path.name)).hexdigest()
        lock = self.path.with_name(f".{name[:16]}.lock")
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(
                    locked(
                        lock,
                        f"Another run is writing to {self.path}; wait for its "
                        "end or choose another report.",
                    )
                )
                self._file = stack.enter_context(open(self.path, "a+b"))
                self._read()
            except OSError as error:
                raise ValueError(
                    f"{self.path} cannot be written ({error.strerror}); "
                    "choose another file for the report."
                ) from error
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def has(self, target):
        """Whether the report says that a target is there."""
        return str(target) in self._restored

    def add(self, record):
        """Appends a `FileRecord`."""
        line = json.dumps(record.as_dict()) + "\n"
        # One call, so that a line is torn at most by the end of the process.
        self._file.write(line.encode())
        self._file.flush()
        if record.outcome != "failed":
            self._restored.add(record.target)

    def _read(self):
        self._file.seek(0)
        whole = 0
        for line in self._file:
            torn = not line.endswith(b"\n")
            if torn and whole:
                break
            try:
                entry = json.loads(line)
                target, outcome = entry["target"], entry["outcome"]
            except (ValueError, TypeError, KeyError):
                if torn and b'{"source": '.startswith(line[:11]):
                    break  # of a run that was killed at its first photo
                raise ValueError(
                    f"{self.path} is not a report of restored photos; choose "
                    "another file."
                ) from None
            if torn:
                break
            whole += len(line)
            if outcome != "failed":
                self._restored.add(target)
        self._file.seek(whole)
        if whole < self._file.seek(0, os.SEEK_END):
            self._file.truncate(whole)
