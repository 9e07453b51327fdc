"""The command ``beckn-conformance``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from . import __version__
from .commands import certificate, diff, fleet, judge, replay, run, spec
from .errors import KitError, UsageError
from .exchange import printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns its exit status; a fault of what was asked for is told in one line."""
    parser = argparse.ArgumentParser(
        prog="beckn-conformance", description="Conformance test kit for the Beckn Gateway Registration API"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for one in (run, judge, replay, diff, certificate, spec, fleet):
        one.add(commands)
    try:
        chosen = parser.parse_args(arguments)
    except SystemExit as stopped:
        return 4 if stopped.code else 0
    try:
        command: Callable[[argparse.Namespace], int] = chosen.does
        return command(chosen)
    except UsageError as error:
        print(f"beckn-conformance: {printable(str(error))}", file=sys.stderr)
        return 4
    except KitError as error:
        print(f"beckn-conformance: {printable(str(error))}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 2


if __name__ == "__main__":
    sys.exit(main())
