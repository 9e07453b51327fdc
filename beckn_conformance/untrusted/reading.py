"""Reads files that a stranger may have written: regular files only, and everything within bounds.

Everything here raises UsageError in one line, with the file and, where there is one, the line.
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
"""Most bytes of a file that is read in one piece, unless the caller says otherwise."""
LONGEST_LINE: Final = 160 * MB
"""Bytes of one row of a record: a request and a reply of the greatest length, packed."""
MOST_VALUES: Final = 1_000_000
"""Most values in one JSON text, unless the caller says otherwise."""
DEEPEST: Final = 100
"""Levels of lists and objects in one JSON text."""
LONGEST_INTEGER: Final = 400
"""Digits of a number that is converted exactly; more than this is as good as infinite."""

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A JSON string; one without an end reaches to the end of the text, so that no text is searched twice."""
_NO_STRUCTURE = bytes({*range(128)} - {*b"[]{},"})
_LEVELS = bytes.maketrans(b"[{]}", b"\2\2\0\0")
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_SPECIAL = "it is no regular file"


# Files.


def opened(path: Path, *, below: Path | None = None) -> BinaryIO:
    """Opens a regular file for reading; refuses a pipe, a device or a folder without waiting for it.

    ``below`` is the folder that the user named: beneath it no part of the path may be a link.
    """
    try:
        # A pipe without a writer would block an ordinary open.
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


def open_below(folder: Path, parts: Sequence[str], flags: int, mode: int = 0o666) -> int:
    """Opens a file beneath a folder without following a link on the way; returns its descriptor. Raises OSError."""
    if os.open not in os.supports_dir_fd:
        path = folder.joinpath(*parts)
        if any(folder.joinpath(*parts[: n + 1]).is_symlink() for n in range(len(parts))):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        return os.open(path, flags | _NOFOLLOW, mode)
    at = os.open(folder, os.O_RDONLY | _DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | _DIRECTORY | _NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(parts[-1], flags | _NOFOLLOW, mode, dir_fd=at)
    finally:
        os.close(at)


def unreadable(path: Path, error: Exception) -> UsageError:
    """Says in one line why a file cannot be read."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return UsageError(f"{path} cannot be read: it is a link")
    return UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")


def content(path: Path, *, most: int = LARGEST, below: Path | None = None) -> bytes:
    """All bytes of a regular file."""
    with opened(path, below=below) as file:
        try:
            # A sparse file of terabytes takes no room on disk, but all of it in memory.
            read = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
        except OSError as error:
            raise unreadable(path, error) from error
    if read is None or len(read) > most:
        raise UsageError(f"{path} cannot be read: it is larger than {_size(most)}")
    return read


def text(path: Path, *, most: int = LARGEST, below: Path | None = None) -> str:
    """The text of a regular file in UTF-8, without a byte order mark."""
    try:
        return content(path, most=most, below=below).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} cannot be read: it is not UTF-8") from error


def lines(file: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """The lines of a file, each with its end; raises ValueError for one that is too long to be held."""
    while line := file.readline(longest + 1):
        if len(line) > longest:
            raise ValueError(f"a line is longer than {_size(longest)}")
        yield line


def _size(amount: int) -> str:
    return f"{amount // MB} MB" if amount >= MB else f"{amount} bytes"


# JSON.


def json_file(
    path: Path, *, most: int = LARGEST, values: int = MOST_VALUES, unique: bool = True, below: Path | None = None
) -> Any:
    """The JSON value in a regular file; ``unique`` refuses names that are given twice in one object."""
    found = text(path, most=most, below=below)
    try:
        return json_value(found, values=values, unique=unique)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}, line {error.lineno}: no JSON: {error.msg}") from error
    except ValueError as error:
        raise UsageError(f"{path}: no JSON that can be read: {error}") from error


def json_value(found: str | bytes, *, values: int = MOST_VALUES, unique: bool = True, numbers: bool = True) -> Any:
    """The value of a JSON text whose depth and size were measured before; raises ValueError for anything else.

    Numbers too long to be held are infinite. ``NaN`` and its like are no JSON, unless ``numbers`` is false: then they
    are null.
    """
    if isinstance(found, bytes):
        found = found.decode()
    _measure(found, values)
    return json.loads(
        found,
        parse_constant=_no_constant if numbers else lambda name: None,
        parse_int=_integer,
        object_pairs_hook=_unique if unique else None,
    )


def _measure(found: str, most: int) -> None:
    """Raises ValueError for a text that would take too much memory, or too deep a stack, once it is read."""
    opening = found.count("[") + found.count("{")
    if opening <= DEEPEST and found.count(",") + opening < most:
        return
    structure = _STRING.sub("", found).encode("ascii", "ignore").translate(None, delete=_NO_STRUCTURE)
    opening = structure.count(b"[") + structure.count(b"{")
    if structure.count(b",") + opening >= most:
        raise ValueError(f"it holds more than {most} values")
    levels = structure.translate(_LEVELS, delete=b",")
    # An opening bracket counts two, and every bracket takes one away: what is left is the level.
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


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
