"""Reads the files of a folder of schemas, which a stranger may have written, within bounds."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from reference_server.message import Json

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a file."""
MOST_VALUES: Final = 200_000
"""Values in a file."""
DEEPEST: Final = 64
"""Levels of lists and objects in a file."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def folder() -> Path:
    """Find schemas/ in an installed wheel or, failing that, in the checkout."""
    root = Path(__file__).resolve().parent.parent
    installed = root / "beckn_conformance" / "schemas"
    return installed if installed.is_dir() else root / "schemas"


def read(home: Path, name: str) -> Json:
    """Read a JSON or YAML file of a folder; raises OSError or, naming the file, ValueError."""
    if Path(name).name != name:
        raise ValueError(f"{name} is not a file of {home}")
    try:
        value = _parse(name, _content(home / name).decode("utf-8-sig"))
        _measure(value)
    except RecursionError:
        raise ValueError(f"{home / name}: it is nested too deeply") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{home / name}: {' '.join(str(error).split())}") from error
    return value


def _content(path: Path) -> bytes:
    # A pipe without a writer would block an ordinary open, and a link may lead out of the folder.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return content


@lru_cache(maxsize=64)
def _parse(name: str, text: str) -> Json:
    """Parse a text once, since each gateway of a run reads the same files."""
    if name.endswith(".json"):
        return json.loads(text, parse_constant=refuse_constant)
    for event in yaml.parse(text, _LOADER):
        # An alias can stand for any number of values, and the schemas need none.
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases are not read")
    return yaml.load(text, _LOADER)


def _measure(value: Json) -> None:
    """Raise ValueError for a value that is too deep or too large."""
    count = 0
    for depth, level in enumerate(levels(value), 1):
        count += len(level)
        if depth > DEEPEST:
            raise ValueError(f"it is nested in more than {DEEPEST} levels")
        if count > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES} values")


def levels(value: Json) -> Iterator[list[Json]]:
    """Return the values on each level of a value, the outermost first, without calling itself."""
    level = [value]
    while level:
        yield level
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]


def refuse_constant(name: str) -> NoReturn:
    """Refuse ``NaN`` and the like, which ``json`` would read."""
    raise ValueError(f"{name} is not JSON")
