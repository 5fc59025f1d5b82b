"""`kerasrestore`: arguments in, calls below, one sentence for each error."""

import argparse
import os
import sys

from kerasrestore.cli import evaluate, export, presets, report, restore
from kerasrestore.version import __version__

COMMANDS = (restore, evaluate, export, report, presets)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        raise ValueError(f"{message}; {self.prog} --help lists the options.")


def build_parser():
    parser = Parser(
        prog="kerasrestore",
        description="Restores images: denoising, from files of any size.",
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
        argv: arguments; those of the process unless given.

    Returns:
        The exit code: 0 for success, 1 if some files failed, 2 for an error
        of the user's, 130 if interrupted.
    """
    # A file name that the terminal cannot show is no reason to fail.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args = build_parser().parse_args(argv)
        code = args.run(args)
        if sys.stdout is not None:  # it is where it was closed
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has gone; so is the wish for more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return fail("interrupted; what was finished is kept.", 130)
    except (ValueError, OSError, MemoryError) as error:
        return fail(error)


def fail(error, code=2):
    """Prints one line to the error stream and gives the exit code."""
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"kerasrestore: {text}", file=sys.stderr)
    return code
