"""Reads the JSON of replies and writes the JSON of requests."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from ..specification.pointer import MISSING
from ..untrusted.reading import no_constant

MOST_VALUES: Final = 100_000
"""Most structural characters in a reply, about one for each member or item; each costs far more memory than a byte."""


def values_of(content: bytes) -> int:
    """Returns the number of structural characters, those within texts included."""
    return sum(map(content.count, (b",", b":", b"[", b"{")))


def read_json(content: bytes) -> tuple[Any, str, tuple[str, ...]]:
    """Reads RFC 8259 JSON; returns the value or MISSING, why it is not JSON, and notes on tolerated deviations (T8)."""
    notes: tuple[str, ...] = ()
    if content.startswith(b"\xef\xbb\xbf"):
        content, notes = content[3:], ("a byte order mark before the JSON",)
    if not content.strip():
        return MISSING, "the body is empty", notes
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return MISSING, f"the body is not UTF-8 (byte {error.start})", notes
    twice = False

    def collected(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        made = dict(pairs)
        twice = twice or len(made) < len(pairs)
        return made

    try:
        value = json.loads(text, parse_constant=no_constant, parse_int=_integer, object_pairs_hook=collected)
    except RecursionError:
        return MISSING, TOO_DEEP, notes
    except ValueError as error:
        return MISSING, f"the body is not JSON: {error}", notes
    if content.count(b"[") + content.count(b"{") > DEEPEST_JSON and _is_too_deep(value):
        return MISSING, TOO_DEEP, notes
    if twice:
        notes += ("a name that an object has twice, of which the last is read",)
    return value, "", notes


DEEPEST_JSON: Final = 200
"""Deepest nesting that is read; RFC 8259 lets a reader choose."""


TOO_DEEP: Final = f"the JSON is nested in more than {DEEPEST_JSON} levels"


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST_JSON):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return any(isinstance(child, dict | list) for child in level)


def _integer(digits: str) -> int | float:
    """Reads an integer; one with more digits than Python converts becomes infinite, and is still JSON."""
    try:
        return int(digits)
    except ValueError:
        return -math.inf if digits.startswith("-") else math.inf


def write_json(value: Any) -> bytes:
    """Writes compact JSON in UTF-8; lone surrogates are escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


DEEPEST = 8
"""Nesting that validators see: more than the schemas describe."""


MOST_ITEMS = 2000
"""Items of a list that validators see: more than a gateway has reason to send."""


def tame(value: Any, depth: int = DEEPEST) -> Any:
    """Returns a value that validators can take: deep and long parts cut off, lone surrogates replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {tame(k): tame(v, depth - 1) for k, v in value.items()} if depth else {}
    if isinstance(value, list):
        return [tame(v, depth - 1) for v in value[:MOST_ITEMS]] if depth else []
    return value
