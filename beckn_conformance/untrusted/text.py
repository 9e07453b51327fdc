"""Text of strangers for a terminal, a log or a file: nothing in it can act there."""

from __future__ import annotations

import re
from typing import Final

MARKER: Final = re.compile(r"(?=[#_[])(?:#(?=#[\w.-]*\[)|_(?=(?:start|end|fold|time):)|\[(?=\[ATTACHMENT\|))")
"""The first character of what CI systems carry out wherever it stands in a log: ``##[group]``, ``##vso[``,
``##teamcity[``, ``section_start:``, ``travis_fold:``, ``[[ATTACHMENT|``."""


LINE_MARKER: Final = re.compile(
    r"\s*(?P<first>[:+~^-])(?:(?<=:):[A-Za-z]|(?:(?<=-)--|(?<=\+)\+\+|(?<=~)~~|(?<=\^)\^\^)(?!\S))"
)
"""What they carry out at the beginning of a line: ``::error``, ``--- ``, ``+++ ``."""


def printable(text: str) -> str:
    """The text with everything escaped that could steer a terminal or a CI that reads it, or cannot be encoded."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    if found := LINE_MARKER.match(text):
        text = f"{text[: found.start('first')]}\\x{ord(found['first']):02x}{text[found.end('first') :]}"
    return MARKER.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def brief(text: str, limit: int = 160) -> str:
    """The same, cut where it is long."""
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
