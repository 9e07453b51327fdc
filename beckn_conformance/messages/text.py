"""Values for a person to read."""

from __future__ import annotations

import json
import math
from typing import Any

from ..specification.pointer import MISSING
from ..untrusted.text import printable


def shown(value: Any, limit: int = 160) -> str:
    """A value for a person: JSON on one line, control characters escaped, cut where it is long."""
    if isinstance(value, str) and value == MISSING:
        return "nothing"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    # To escape takes much longer than to cut, and the longest texts come from those who mean no good.
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 40]} … ({len(text)} characters)"
