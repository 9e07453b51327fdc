"""What subcommands say, in text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..exchange import printable

Commands = Any
"""What argparse calls its collection of subcommands."""


def say(lines: Iterable[str]) -> None:
    """Prints lines, with nothing in them that could act on a terminal."""
    for line in lines:
        print(printable(line))


def say_json(value: Any) -> None:
    """Prints a value as JSON."""
    print(json.dumps(value, indent=1))
