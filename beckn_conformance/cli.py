"""The command ``beckn-conformance``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="beckn-conformance", description="Conformance test kit for the Beckn Gateway Registration API"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="judge a gateway, isolated from any pytest settings around",
        description="Judges a gateway as pytest --gateway-url URL does, but apart from every conftest.py and "
        "pytest configuration around. Options after URL are those of pytest and of the kit.",
    )
    run.add_argument("url", metavar="URL", help="base URL of the gateway, or reference[:NAME]")
    run.add_argument("options", nargs=argparse.REMAINDER, help="options of pytest and of the kit, such as -k phone")
    chosen = parser.parse_args(arguments)
    return _run(chosen.url, chosen.options)


def _run(url: str, options: Sequence[str]) -> int:
    import pytest

    from . import plugin, suite

    folder = Path(suite.__file__).resolve().parent
    from importlib.metadata import entry_points

    registered = any(entry.value == plugin.__name__ for entry in entry_points(group="pytest11"))
    return int(
        pytest.main(
            [
                "-c",
                str(folder / "pytest.ini"),
                "--rootdir",
                str(folder),
                "--confcutdir",
                str(folder),
                "-p",
                "no:cacheprovider",
                # This command has imported the kit before pytest could look at it.
                "-W",
                "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
                "--gateway-url",
                url,
                # Under a name, so that the processes of pytest-xdist load it too.
                *(() if registered else ("-p", plugin.__name__)),
                *options,
            ]
        )
    )


if __name__ == "__main__":
    sys.exit(main())
