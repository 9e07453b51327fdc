"""Kinds of faulty values, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reference_server.message import Place, Request
from reference_server.validation import json_type

_MISSING: Any = object()


def is_kind(kind: str, request: Request, place: Place) -> bool:
    """Say whether what stands at a place of a request is of a kind."""
    holder = request.at(place[:-1])
    if isinstance(place[-1], str):
        value = holder.get(place[-1], _MISSING) if isinstance(holder, Mapping) else _MISSING
    else:
        value = request.at(place)
    if kind == "missing":
        return value is _MISSING
    if kind == "without-members":
        # Missing and null members say the same (reading T12).
        return isinstance(value, dict) and all(member is None for member in value.values())
    if isinstance(value, str) and kind in _TEXTS:
        return _TEXTS[kind](value)
    return value is not _MISSING and json_type(value) == kind


def _test(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.S) is not None


_TEXTS: Mapping[str, Callable[[str], bool]] = {
    "string": lambda text: True,
    "empty": lambda text: not text.strip(),
    "no-plus": _test(r"[0-9]+(-[0-9]+)+"),
    "no-dash": _test(r"\+[0-9]+"),
    "no-country-code": _test(r"\+-[0-9-]+"),
    "no-number": _test(r"\+[0-9]+-"),
    "empty-extension": _test(r"\+[0-9]+-[0-9]+-"),
    "letters-in-number": _test(r"\+[0-9]+-(?=[^-]*[A-Za-z])[^-]+(-.*)?"),
    "letters-in-extension": _test(r"\+[0-9]+-[0-9]+-.*[A-Za-z].*"),
    "words": _test(r"[^+@0-9]+"),
    "no-at": _test(r"[^@\s]+"),
    "two-at": _test(r"[^@\s]+@[^@\s]*@[^@\s]+"),
    "nothing-before-at": _test(r"@[^@\s]+"),
    "nothing-after-at": _test(r"[^@\s]+@"),
    "space-inside": _test(r"\S+ .*@.*"),
    "second-line": _test(r"(\+[0-9]+-[0-9-]+|[^@\s]+@[^@\s]+|https?://\S+)\n\S+"),
    "line-break-inside": _test(r"\+[0-9]+-[0-9]+[\r\n][0-9]+|[^@\s]+[\r\n][^@\s]+@[^@\s]+"),
    "no-url": _test(r"[^:/]*\s[^:/]*"),
}

PHRASES: Mapping[str, str] = {
    "missing": "is missing",
    "null": "is null",
    "boolean": "is a boolean",
    "number": "is a number",
    "string": "is a string",
    "array": "is an array",
    "object": "is an object",
    "without-members": "has no members",
    "empty": "is empty",
    "no-plus": "has no plus",
    "no-dash": "has no dash",
    "no-country-code": "has no country code",
    "no-number": "has no number",
    "empty-extension": "has an empty extension",
    "letters-in-number": "has letters in its number",
    "letters-in-extension": "has letters in its extension",
    "words": "is made of words",
    "no-at": "has no @",
    "two-at": "has two @",
    "nothing-before-at": "has nothing before its @",
    "nothing-after-at": "has nothing after its @",
    "space-inside": "has a space in it",
    "second-line": "has a second line",
    "line-break-inside": "has a line break in it",
    "no-url": "is no URL",
}
"""What is said of a value of each kind."""
