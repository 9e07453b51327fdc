"""Reads files that a stranger may have written: regular files only, everything within bounds.

All functions raise UsageError: one line with the file and, if known, the line number.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Sequence
from itertools import accumulate, count
from operator import sub
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from ..errors import UsageError

MB: Final = 1024 * 1024
LARGEST: Final = 64 * MB
"""Default for the most bytes of a file that is read at once."""
LONGEST_LINE: Final = 160 * MB
"""Bytes of one row of a record: the longest request and reply."""
MOST_VALUES: Final = 1_000_000
"""Default for the most values in one JSON text."""
DEEPEST: Final = 100
"""Levels of lists and objects in one JSON text."""
LONGEST_INTEGER: Final = 400
"""Digits of a number that is converted exactly; a longer one becomes infinite."""

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A JSON string. One without an end matches up to the end of the text, so that no part is searched twice."""
_NO_STRUCTURE = bytes({*range(128)} - {*b"[]{},"})
_LEVELS = bytes.maketrans(b"[{]}", b"\2\2\0\0")
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_SPECIAL = "it is not a regular file"


# Files.


def opened(path: Path, *, below: Path | None = None) -> BinaryIO:
    """Opens a regular file for reading; refuses a pipe, device or folder without blocking.

    ``below`` is the folder that the user named: no part of the path beneath it may be a link.
    """
    try:
        # An ordinary open of a pipe would block until somebody writes.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags) if below is None else open_below(below, path.relative_to(below).parts, flags)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError(f"{path} cannot be read: {_SPECIAL}")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise


def open_below(folder: Path, parts: Sequence[str], flags: int) -> int:
    """Opens a file beneath a folder without following links; returns its descriptor. Raises OSError."""
    if os.open not in os.supports_dir_fd:
        path = folder.joinpath(*parts)
        if any(folder.joinpath(*parts[: n + 1]).is_symlink() for n in range(len(parts))):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        return os.open(path, flags | _NOFOLLOW, 0o666)
    at = os.open(folder, os.O_RDONLY | _DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | _DIRECTORY | _NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(parts[-1], flags | _NOFOLLOW, 0o666, dir_fd=at)
    finally:
        os.close(at)


def unreadable(path: Path, error: Exception) -> UsageError:
    """Returns the error that says in one line why a file cannot be read."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return UsageError(f"{path} cannot be read: it is a link")
    return UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")


def content(path: Path, *, most: int = LARGEST, below: Path | None = None) -> bytes:
    """Reads a regular file."""
    with opened(path, below=below) as file:
        try:
            # A sparse file takes no room on disk, and all of its length in memory.
            read = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
        except OSError as error:
            raise unreadable(path, error) from error
    if read is None or len(read) > most:
        raise UsageError(f"{path} cannot be read: it is larger than {_size(most)}")
    return read


def text(path: Path, *, most: int = LARGEST, below: Path | None = None) -> str:
    """Reads a regular file as UTF-8 and drops a byte order mark."""
    try:
        return content(path, most=most, below=below).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read: it is not UTF-8") from error


def lines(file: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yields the lines of a file with their ends; raises ValueError for one over ``longest`` bytes."""
    while line := file.readline(longest + 1):
        if len(line) > longest:
            raise ValueError(f"a line is longer than {_size(longest)}")
        yield line


def _size(amount: int) -> str:
    return f"{amount // MB} MB" if amount >= MB else f"{amount} bytes"


# JSON.


def json_file(path: Path, *, below: Path | None = None) -> Any:
    """Reads a regular file as JSON; refuses duplicate names in an object."""
    found = text(path, below=below)
    try:
        return json_value(found)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not JSON that can be read: {error}") from error


def json_value(found: str | bytes, *, values: int = MOST_VALUES, unique: bool = True, numbers: bool = True) -> Any:
    """Parses a JSON text after measuring its depth and size; raises ValueError if it is invalid or too large.

    Numbers with too many digits become infinite. ``NaN`` and the like are errors, or null if ``numbers`` is false.
    """
    if isinstance(found, bytes):
        found = found.decode()
    _measure(found, values)
    return json.loads(
        found,
        parse_constant=no_constant if numbers else lambda name: None,
        parse_int=_integer,
        object_pairs_hook=_unique if unique else None,
    )


def _measure(found: str, most: int) -> None:
    """Raises ValueError for a text that would take too much memory or stack to parse."""
    opening = found.count("[") + found.count("{")
    if opening <= DEEPEST and found.count(",") + opening < most:
        return
    structure = _STRING.sub("", found).encode("ascii", "ignore").translate(None, delete=_NO_STRUCTURE)
    opening = structure.count(b"[") + structure.count(b"{")
    if structure.count(b",") + opening >= most:
        raise ValueError(f"it holds more than {most} values")
    levels = structure.translate(_LEVELS, delete=b",")
    # An opening bracket adds two and every bracket subtracts one; the sum is the level.
    if max(map(sub, accumulate(levels), count(1)), default=0) > DEEPEST:
        raise ValueError(f"it is nested in more than {DEEPEST} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names: set[str] = set()
        twice = next(name for name, _ in pairs if name in names or names.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{twice[:80]!a} is given twice in one object")
    return made


def _integer(digits: str) -> int | float:
    if len(digits) <= LONGEST_INTEGER:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def no_constant(name: str) -> NoReturn:
    """Refuses ``NaN`` and the like, which ``json`` would read."""
    raise ValueError(f"{name} is not a JSON value")
