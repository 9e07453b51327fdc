"""Reports an unexpected exception: the traceback in a file, and one line for the user."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from pathlib import Path

from ..errors import KitError
from ..untrusted.text import printable
from ..untrusted.writing import replaced
from .censor import censored

NAME = "crash.txt"
"""File of the report folder."""
LONGEST = 300


def report(error: BaseException, folder: Path | None, mask: Callable[[str], str] = censored) -> str:
    """Writes the traceback to the report folder, and returns one line about it.

    A full disk, a missing folder or a lack of memory is not a fault of the kit, so nothing is written for these.
    """
    if isinstance(error, KitError):
        return printable(mask(str(error)))
    said = printable(mask(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__))[:LONGEST]
    if folder is None or isinstance(error, OSError | MemoryError):
        return said
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        # The last calls show a deep recursion.
        lines = traceback.format_exception(error, limit=-50)
        with replaced(folder / NAME) as file:
            file.write(_printable_lines(mask("".join(lines))))
        return f"{said} ({folder / NAME} has the details)"
    return said


def _printable_lines(text: str) -> str:
    """Removes control characters other than line breaks."""
    return "".join(f"{printable(line)}\n" for line in text.splitlines())
