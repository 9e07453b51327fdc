"""Output of subcommands, as text or JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from ..errors import UsageError
from ..process.censor import censored
from ..untrusted.text import MARKER, printable
from ..untrusted.writing import replaced, written

Commands = Any
"""argparse's type for a group of subcommands."""


def until_stdin_ends(parser: argparse.ArgumentParser, **how: Any) -> None:
    """Adds the option, not in the usage, of a command that another program runs: it ends with its parent process."""
    parser.add_argument("--until-stdin-ends", action="store_true", help=argparse.SUPPRESS, **how)


def check_bounds(workers: int | None, limit: float) -> None:
    """Raises UsageError for what --workers or --limit cannot be."""
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: it takes 1 or more")
    if not 0 < limit <= 604800:
        raise UsageError(f"--limit {limit:g}: a run takes seconds, and a week at most")


def say(lines: Iterable[str]) -> None:
    """Prints lines without control characters."""
    for line in lines:
        print(printable(censored(line)))


class Result(Protocol):
    """What a command has found."""

    def to_json(self) -> Any: ...

    def lines(self) -> Iterable[str]: ...


def show(found: Result, *, as_json: bool) -> None:
    """Prints a result."""
    if as_json:
        say_json(found.to_json())
    else:
        say(found.lines())


def say_json(value: Any) -> None:
    """Prints a value as JSON, with CI log commands in its texts broken."""
    print(MARKER.sub(lambda found: f"\\u{ord(found[0]):04x}", censored(json.dumps(value, indent=1))))


def write(path: Path, text: str) -> None:
    """Writes a file in place of an earlier one; raises UsageError if that cannot be."""
    with written(f"-o {path}"), replaced(path) as file:
        file.write(text)
