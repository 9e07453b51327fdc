"""When two texts are the same but for their form (R10), and how a member is held against what it must be."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...messages.text import shown
from ...specification.members import json_type
from ...specification.pointer import MISSING, parts_of
from ..checks import Observation
from ..finding import Judgement
from .registration import History

MOST_LONGER = 32
"""Times that a text is at most longer than one that is the same but for its form."""
LONGEST_NORMALISED = 4096
"""Characters up to which a normal form is asked for: it takes time that grows with the square of the marks in a row."""


def same_but_for_form(one: Any, other: Any) -> bool:
    """Whether two texts differ in case, outer space or Unicode normal form only (R10)."""
    if not isinstance(one, str) or not isinstance(other, str):
        return bool(one == other)
    shorter, longer = sorted((one.strip(), other.strip()), key=len)
    if len(longer) > MOST_LONGER * len(shorter):
        return False
    return form_of(shorter) == form_of(longer)


def form_of(text: str) -> str:
    """What is the same of texts that differ in their form only."""
    if len(text) > LONGEST_NORMALISED:
        return text.casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def same_bytes(one: Any, other: Any) -> bool:
    """Whether two texts are base64 of the same bytes, in whatever alphabet and padding."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return decoded(one) == decoded(other)
    except (binascii.Error, ValueError):
        return False


def is_content(value: Any) -> bool:
    """Whether a value is base64 of any bytes."""
    return isinstance(value, str) and same_bytes(value, value) and bool(decoded(value))


def decoded(text: str) -> bytes:
    """The bytes of a base64 in whatever alphabet and padding; raises ValueError for any other text."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


@dataclass(slots=True)
class Tally:
    """Whether a requirement held over the members of a reply."""

    observation: Observation
    requirement: str
    failed: bool = False

    def close(self) -> Iterator[Judgement]:
        if not self.failed and self.requirement:
            if self.observation.action not in self.observation.specification.requirements[self.requirement].operations:
                return
            yield self.observation.ok(self.requirement)


def compare(
    observation: Observation,
    history: History,
    pointer: str,
    expected: Any,
    found: Any,
    whole: Tally,
    exact: Tally,
) -> Iterator[Judgement]:
    """One member against the value it must have; what is missing or of another type is judged elsewhere."""
    key = parts_of(pointer)[-1]
    if MISSING in (found, expected) or json_type(found) != json_type(expected) or found == expected:
        return
    if history.tolerates(pointer, found):
        whole.failed = exact.failed = True
        return
    overlong = pointer in history.overlong
    if key in history.unsure and pointer.startswith("/info/") and not overlong:
        return
    history.tolerate(pointer, found)
    observed = f"{shown(found, 100)} at {pointer}"
    if overlong:
        yield observation.bad(
            "SIGNUP-LONG-KEPT",
            pointer,
            "long-text-lost",
            "a long text is acknowledged and not kept",
            f"the {len(str(expected))} characters that were sent, or a NACK",
            observed,
        )
    elif same_but_for_form(found, expected):
        exact.failed = True
        yield observation.bad(
            exact.requirement,
            pointer,
            "another-form",
            "the value comes back in another form",
            f"{shown(expected, 100)} at {pointer}",
            observed,
        )
    else:
        whole.failed = True
        yield observation.bad(
            whole.requirement,
            pointer,
            "another-value",
            "a different value comes back",
            f"{shown(expected, 100)} at {pointer}",
            observed,
        )
