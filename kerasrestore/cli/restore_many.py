"""`kerasrestore restore` for folders and several photos."""

import contextlib
import os
import sys
from pathlib import Path

from kerasrestore.archive.file_record import FileRecord
from kerasrestore.archive.progress import PeriodicLines
from kerasrestore.archive.report import Report
from kerasrestore.archive.restore_all import restore_here, restore_in_workers
from kerasrestore.archive.restore_file import restored_name
from kerasrestore.cli.inputs import STREAM, find_jobs
from kerasrestore.cli.restore_options import restorer_choice
from kerasrestore.cli.restore_output import bar, told
from kerasrestore.files import remove_temporaries
from kerasrestore.locks import locked

LOCK = ".kerasrestore.lock"


def restore_many(args, options, load, sources):
    """Restores photos to a folder.

    Args:
        args: arguments of the command.
        options: `FileOptions` of them.
        load: as in `restore_file`.
        sources: paths of photos and folders.

    Returns:
        Exit code: 0, or 1 if photos failed.

    Raises:
        ValueError: if nothing can be restored at all.
    """
    target = _target(args, sources)
    photos, unsupported, failed = find_jobs(
        sources, target, lambda name: restored_name(name, options)
    )
    if not photos:
        raise ValueError(
            failed[0] if failed else _no_photos(sources, unsupported)
        )
    # A wrong preset or option is one error, not one for every file.
    options.check(load(3))
    _make_folder(target)
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            locked(
                target / LOCK,
                f"Another run is writing to {target}; wait for its end or "
                "choose another folder.",
            )
        )
        report = args.report and stack.enter_context(Report(args.report))
        stack.callback(_clean, photos)
        _clean(photos)  # after a run that was killed
        waiting = [
            job for job in photos if args.overwrite or not job.target.is_file()
        ]
        if report:
            again = set(waiting)
            for job in photos:
                if job not in again and not report.has(job.target):
                    report.add(
                        FileRecord(*map(str, job), outcome="already there")
                    )
        tick, say = stack.enter_context(bar(args, len(waiting)))
        done = _restore(args, options, load, waiting, report, failed, tick, say)
        summary = (
            f"{done} restored, {len(photos) - len(waiting)} already there, "
            f"{len(failed)} failed"
        )
        if unsupported:
            summary += f", {len(unsupported)} in unsupported formats"
        say(
            summary,
            [f"{path} is in an unsupported format" for path in unsupported],
        )
    for line in failed:
        print(f"kerasrestore: {line}", file=sys.stderr)
    return 1 if failed else 0


def _restore(args, options, load, jobs, report, failed, tick, say):
    """Restores the photos of `jobs`, adds why not to `failed`, and returns how
    many are done."""
    if args.workers is None:
        records = restore_here(jobs, load, options, tick)
    else:
        records = restore_in_workers(
            jobs,
            restorer_choice(args),
            options,
            args.workers,
            patience=args.timeout,
        )
    lines = PeriodicLines(len(jobs))
    ended = lost = 0
    with contextlib.closing(records):
        for record in records:
            ended += 1
            if report:
                report.add(record)
            if record.outcome == "failed":
                lost += 1
                failed.append(record.reason)
            else:
                say(*told(record, record.source, record.target))
            tick(ended, len(jobs), lines.text(ended, lost))
            if not args.quiet:
                lines.update(ended, lost)
    return ended - lost


def _target(args, sources):
    from kerasrestore.photos.formats import FORMATS

    target = Path(args.output).expanduser()
    file = target.exists() or target.suffix.lower() in FORMATS
    if target == STREAM or (file and not target.is_dir()):
        raise ValueError(
            f"{target} is not a folder; give a folder for the restored photos."
        )
    for source in sources:
        if source.is_dir() and target.resolve() == source.resolve():
            raise ValueError(
                f"{target} is the folder of the originals; give another one."
            )
    return target


def _no_photos(sources, skipped):
    from kerasrestore.photos.formats import READ

    names = ", ".join(map(str, sources))
    others = f" {len(skipped)} images are in other formats." if skipped else ""
    return f"{names} contains no photos; supported are {READ}.{others}"


def _make_folder(folder):
    """Creates a folder and checks that files can be created in it: permission
    bits are not reliable (root, network drives)."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be written to ({error.strerror}); choose "
            "another folder."
        ) from error


def _clean(photos):
    """Removes half-written files of processes that were killed."""
    for folder in {os.path.dirname(job.target) for job in photos}:
        # It may not be there yet, or be a file.
        with contextlib.suppress(OSError):
            remove_temporaries(folder)
