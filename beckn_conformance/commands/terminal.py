"""What subcommands say, in text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..process.censor import censored
from ..untrusted.text import MARKER, printable

Commands = Any
"""What argparse calls its collection of subcommands."""


def say(lines: Iterable[str]) -> None:
    """Prints lines, with nothing in them that could act on a terminal."""
    for line in lines:
        print(printable(censored(line)))


def say_json(value: Any) -> None:
    """Prints a value as JSON, in whose texts a CI that reads its log finds nothing to carry out."""
    print(MARKER.sub(lambda found: f"\\u{ord(found[0]):04x}", censored(json.dumps(value, indent=1))))
