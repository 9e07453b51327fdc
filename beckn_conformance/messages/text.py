"""Formats values for people."""

from __future__ import annotations

import json
import math
from typing import Any

from ..specification.pointer import MISSING
from ..untrusted.text import printable


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
