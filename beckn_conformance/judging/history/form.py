"""Decides when two texts are the same but for their form (R10)."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from typing import Any

MOST_LONGER = 32
"""A text more than this many times longer than another is not the same but for its form."""
LONGEST_NORMALISED = 4096
"""Longest text, in characters, that is normalised: the time grows with the square of combining marks in a row."""


def same_but_for_form(one: Any, other: Any) -> bool:
    """Tells whether two texts differ only in case, outer space or Unicode normal form (R10)."""
    if one == other or not isinstance(one, str) or not isinstance(other, str):
        return bool(one == other)
    shorter, longer = sorted((one.strip(), other.strip()), key=len)
    if len(longer) > MOST_LONGER * len(shorter):
        return False
    return form_of(shorter) == form_of(longer)


def form_of(text: str) -> str:
    """Reduces a text to what is equal in all texts that differ only in form.

    Normal form is any of the four of Unicode, compatible ones included. A dotted or dotless i counts as a plain one,
    because libraries disagree about its other case.
    """
    if len(text) > LONGEST_NORMALISED:
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text).strip().replace("ı", "i").casefold()
    return unicodedata.normalize("NFKD", plain).replace("i\u0307", "i")


def same_bytes(one: Any, other: Any) -> bool:
    """Tells whether two texts are base64 of the same bytes, in any alphabet and padding."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return decoded(one) == decoded(other)
    except (binascii.Error, ValueError):
        return False


def is_content(value: Any) -> bool:
    """Tells whether a value is base64 of at least one byte."""
    return isinstance(value, str) and same_bytes(value, value) and bool(decoded(value))


def decoded(text: str) -> bytes:
    """Decodes base64 in any alphabet and padding; raises ValueError for any other text."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
