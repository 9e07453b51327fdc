"""Makes text of strangers harmless on a terminal, in a log and in a file."""

from __future__ import annotations

import re
from typing import Final

MARKER: Final = re.compile(r"(?=[#_[])(?:#(?=#[\w.-]*\[)|_(?=(?:start|end|fold|time):)|\[(?=\[ATTACHMENT\|))")
"""First character of commands that CI systems obey anywhere in a log: ``##[group]``, ``##vso[``, ``##teamcity[``,
``section_start:``, ``travis_fold:``, ``[[ATTACHMENT|``."""


LINE_MARKER: Final = re.compile(
    r"\s*(?P<first>[:+~^-])(?:(?<=:):[A-Za-z]|(?:(?<=-)--|(?<=\+)\+\+|(?<=~)~~|(?<=\^)\^\^)(?!\S))"
)
"""Commands that CI systems obey at the start of a line: ``::error``, ``--- ``, ``+++ ``."""


def printable(text: str) -> str:
    """Escapes everything that could control a terminal or a CI system, or cannot be encoded."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    if found := LINE_MARKER.match(text):
        text = f"{text[: found.start('first')]}\\x{ord(found['first']):02x}{text[found.end('first') :]}"
    return MARKER.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def brief(text: str, limit: int = 160) -> str:
    """Like ``printable``, cut to ``limit`` characters."""
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
