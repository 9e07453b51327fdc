"""Formats values for people."""

from __future__ import annotations

import json
import math
from typing import Any

from ..specification.pointer import MISSING
from ..untrusted.text import printable

LEAD = 20
"""Characters of a text that are shown before the first one that differs."""


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun, in the plural unless it is one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shown(value: Any, limit: int = 160) -> str:
    """Formats a value as JSON on one line, with control characters escaped, cut to ``limit`` characters."""
    if isinstance(value, str) and value == MISSING:
        return "nothing"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    # Cut before escaping: escaping is slow, and the longest texts are hostile.
    plain = printable(text[: limit + 1])
    return (
        plain
        if len(plain) <= limit
        else f"{plain[: limit - 40]} … ({len(value if isinstance(value, str) else text)} characters)"
    )


def shown_apart(one: Any, other: Any, limit: int) -> tuple[str, str]:
    """Formats two values like ``shown``, but long texts that begin alike from shortly before they differ."""
    if isinstance(one, str) and isinstance(other, str) and max(len(one), len(other)) > limit:
        places = (place for place, (this, that) in enumerate(zip(one, other, strict=False)) if this != that)
        start = next(places, min(len(one), len(other))) - LEAD
        if start > 0:
            return _from(start, one, limit), _from(start, other, limit)
    return shown(one, limit), shown(other, limit)


def _from(start: int, text: str, limit: int) -> str:
    end = start + limit // 2
    return f"{shown(text[start:end])}{' …' if end < len(text) else ''} from character {start + 1} of {len(text)}"
