"""Entry point of the `kerasrestore` command."""

import argparse
import os
import sys

from kerasrestore.cli import (
    evaluate,
    export,
    fetch,
    presets,
    report,
    restore,
)
from kerasrestore.version import __version__

COMMANDS = (restore, evaluate, export, report, presets, fetch)


class Parser(argparse.ArgumentParser):
    """A parser with one-line error messages."""

    def error(self, message):
        raise ValueError(f"{message}; see {self.prog} --help.")


def build_parser():
    parser = Parser(
        prog="kerasrestore",
        description="Restores images of any size: denoises photos by default.",
    )
    parser.add_argument(
        "--version", action="version", version=f"kerasrestore {__version__}"
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True
    )
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def main(argv=None):
    """Runs a command.

    Args:
        argv: command-line arguments, `sys.argv[1:]` by default.

    Returns:
        The exit code: 0 for success, 1 if some files failed, 2 for a usage
        error, 130 if interrupted.
    """
    # Do not fail on file names that the terminal cannot display.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args = build_parser().parse_args(argv)
        code = args.run(args)
        if sys.stdout is not None:  # None if it was closed
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output is gone: stop, without a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return fail("interrupted; finished files are kept.", 130)
    except (ValueError, OSError, MemoryError) as error:
        return fail(error)


def fail(error, code=2):
    """Prints one line to stderr and returns the exit code."""
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"kerasrestore: {text}", file=sys.stderr)
    return code
