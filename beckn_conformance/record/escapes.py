"""Undoes escapes in texts: backslashes, percent-encoding and character references.

Gateways write a value in many ways (``a/b``, ``a\\/b``, ``a\\u002Fb``, ``a%2Fb``, ``a&#x2F;b``), also nested. A value
is sought in the decoded text, and its place is mapped to the original text.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from html.entities import html5

DEEPEST = 4
"""Nested levels of escapes that are undone."""

ESCAPE = re.compile(
    r"""\\(?:
        u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
      | u[0-9a-fA-F]{4} | [ux]\{[0-9a-fA-F]{1,6}\} | U[0-9a-fA-F]{8} | x[0-9a-fA-F]{2}
      | [0-3][0-7]{2} | [0-7]{1,2} | [abfnrtv] | [^0-9A-Za-z\0]
    )
    | %(?:
        u[0-9a-fA-F]{4}
      | [cCdD][0-9a-fA-F]%[89abAB][0-9a-fA-F]
      | [eE][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){2}
      | [fF][0-7](?:%[89abAB][0-9a-fA-F]){3}
      | [0-9a-fA-F]{2}
    )
    | &(?:\#[xX]0{0,8}[0-9a-fA-F]{1,6};? | \#0{0,8}[0-9]{1,7};? | [A-Za-z][A-Za-z0-9]{1,31};)
    | \0+""",
    re.VERBOSE | re.DOTALL,
)
"""NUL stands between the letters of UTF-16 that was decoded as something else."""

CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Decoded:
    """A text with one level of escapes undone, and where each of its characters comes from."""

    def __init__(self, written: str) -> None:
        self._written = written
        self.text = ESCAPE.sub(lambda found: _meant(found[0]), written)

    @cached_property
    def _spans(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """The bounds of each escape, before and after decoding. Made on demand, since most texts need none."""
        spans = starts, ends, places, afters = array("L"), array("L"), array("L"), array("L")
        shift = 0
        for found in ESCAPE.finditer(self._written):
            start, end = found.span()
            place = start - shift
            after = place + len(_meant(found[0]))
            starts.append(start)
            ends.append(end)
            places.append(place)
            afters.append(after)
            shift = end - after
        return spans

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Maps a part of the decoded text, of at least one character, to the original."""
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, index: int) -> tuple[int, int]:
        starts, ends, places, afters = self._spans
        escape = bisect_right(places, index) - 1
        if escape < 0:
            return index, index + 1
        if index < afters[escape]:
            return starts[escape], ends[escape]
        place = ends[escape] + index - afters[escape]
        return place, place + 1

    def widened(self, start: int, end: int) -> tuple[int, int]:
        """Widens a part of the original so that it does not begin or end within an escape."""
        starts, ends, *_ = self._spans
        escape = bisect_right(starts, start) - 1
        if escape >= 0 and start < ends[escape]:
            start = starts[escape]
        escape = bisect_right(starts, end) - 1
        if escape >= 0 and starts[escape] < end < ends[escape]:
            end = ends[escape]
        return start, end


def is_escaped(text: str) -> bool:
    """True if a text may hold an escape."""
    return "\\" in text or "%" in text or "&" in text or "\0" in text


def undone(text: str) -> Iterator[Decoded]:
    """Yields the text with one level of escapes undone, then with two, while there is anything to undo."""
    for _ in range(DEEPEST):
        if not is_escaped(text):
            return
        decoded = Decoded(text)
        if decoded.text == text:
            return
        yield decoded
        text = decoded.text


@lru_cache(maxsize=4096)
def _meant(escape: str) -> str:
    """Decodes an escape; returns it unchanged if it is none."""
    kind, rest = escape[0], escape[1:]
    if kind == "\0":
        return ""
    if kind == "&":
        if rest[0] != "#":
            return html5.get(rest, escape)
        digits = rest[1:].rstrip(";")
        return _character(int(digits[1:], 16) if digits[0] in "xX" else int(digits), escape)
    if kind == "%":
        if rest[0] == "u":
            return _character(int(rest[1:], 16), escape)
        octets = bytes.fromhex(rest.replace("%", ""))
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if rest[0] in "uUx" and len(rest) > 1:
        if "\\" in rest:
            high, low = (int(half, 16) for half in rest[1:].split("\\u"))
            return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
        return _character(int(rest[1:].strip("{}"), 16), escape)
    if rest[0].isdecimal():
        return chr(int(rest, 8))
    return CONTROLS.get(rest, rest)


def _character(number: int, otherwise: str) -> str:
    return chr(number) if number <= 0x10FFFF else otherwise
