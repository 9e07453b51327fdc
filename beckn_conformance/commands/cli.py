"""The command ``beckn-conformance``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import __version__
from ..errors import KitError, SpecificationError, UsageError
from ..process.censor import censored
from ..process.children import SAFE_PATH, end_with_stdin
from ..process.interrupts import take_termination
from ..process.output import lasting
from ..untrusted.text import printable
from .terminal import until_stdin_ends

EXTRAS = {
    "cryptography": "certificate",
    "dask": "fleet",
    "distributed": "fleet",
    "markdown_it": "spec",
    "python_multipart": "lab",
}
"""The extra that installs each package."""
REPORTS = Path("reports")
"""Folder for the report of a crash, unless the command has a report folder of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns its exit status; prints a usage error in one line."""
    # Otherwise Python processes started from here would import modules of the current folder, such as a struct.py.
    os.environ[SAFE_PATH] = "1"
    forget_termination = take_termination()
    with lasting():
        try:
            return _run(arguments)
        except (UsageError, SpecificationError) as error:
            return _failed(str(error), 4)
        except KitError as error:
            return _failed(str(error), 3)
        except KeyboardInterrupt:
            return _failed("interrupted", 2)
        finally:
            forget_termination()


def _run(arguments: Sequence[str] | None) -> int:
    folder = REPORTS
    try:
        chosen = _parsed(arguments)
        if isinstance(chosen, int):
            return chosen
        if chosen.until_stdin_ends:
            end_with_stdin()
        folder = getattr(chosen, "conformance_report", None) or REPORTS
        command: Callable[[argparse.Namespace], int] = chosen.does
        return command(chosen)
    except KitError:
        raise
    except ModuleNotFoundError as error:
        return _lacking(error, folder)
    except (IsADirectoryError, NotADirectoryError) as error:
        # In a stranger's folder, a file may have the name of a folder of the kit, or a folder that of a file.
        return _failed(f"{error.filename2 or error.filename} cannot be written: {error.strerror}", 4)
    # Python would exit with 1, which means non-conformant.
    except Exception as error:
        return _crashed(error, folder)


def _lacking(error: ModuleNotFoundError, folder: Path) -> int:
    """Reports a package that only an extra installs; any other missing module is a fault of the kit."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return _crashed(error, folder)
    return _failed(
        f"this command needs {package}, which is not installed: pip install 'beckn-conformance[{EXTRAS[package]}]'", 4
    )


def _crashed(error: Exception, folder: Path) -> int:
    from ..process import crash

    return _failed(crash.report(error, folder), 3)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace | int:
    """Parses the command line; returns an exit status for --help or a usage error."""
    from . import certificate, diff, fleet, judge, lab, postman, replay, run, spec

    parser = argparse.ArgumentParser(
        prog="beckn-conformance", description="Conformance test kit for the Beckn Gateway Registration API"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    until_stdin_ends(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for one in (run, judge, replay, diff, certificate, spec, fleet, lab, postman):
        one.add(commands)
    try:
        chosen, unknown = parser.parse_known_args(arguments)
        if unknown:
            commands.choices[chosen.command].error(f"unrecognized arguments: {' '.join(unknown)}")
        return chosen
    except SystemExit as stopped:
        return 4 if stopped.code else 0


def _failed(text: str, status: int) -> int:
    print(f"beckn-conformance: {printable(censored(text))}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
