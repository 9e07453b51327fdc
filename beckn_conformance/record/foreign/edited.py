"""Finds the messages of a recording whose text is not what was sent, as Content-Length shows."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...messages.json_text import MOST_VALUES, read_json, values_of
from ..rows import Row, content_of
from .contents import field
from .marks import is_mark

ESCAPED: Final = ("", "/", "<>&")
"""Characters that some writers escape: PHP the slash, Go what has a meaning in HTML."""
TOKEN: Final = re.compile(rb'"token"\s*:\s*(?:null|"([^"]*)")', re.IGNORECASE)
PLAIN: Final = re.compile(rb"[\w.~+/=:|-]+", re.ASCII)
"""A token; a mark in its place has brackets, spaces or stars."""
Writing = tuple[int, ...]
"""A way to write a value: places of its form and of what it escapes, whether all is ASCII, and a final line break."""
AS_IT_IS: Final[Writing] = ()


def edited(messages: Sequence[Row | None]) -> set[int]:
    """Returns the places of the messages, requests or replies, that somebody has edited.

    A recorder may write all values in a way of its own, so the text is compared in the writing in which most have the
    length that Content-Length says. If none has it as it is, and no writing fits half of them, they were edited where
    the text is shorter; a longer one may have been compressed on its way.
    """
    tokens = [TOKEN.findall(content_of(one)) if one else [] for one in messages]
    blanked = not any(map(any, tokens))
    masked = {place for place, found in enumerate(tokens) if any(_is_masked(token, blanked) for token in found)}
    fitting = {
        place: fits
        for place, one in enumerate(messages)
        if one and place not in masked and (fits := _fitting(one)) is not None
    }
    found = _unfitting(messages, fitting)
    if len(found) * 2 <= len(fitting):
        # Whoever publishes a recording masks its tokens; the rest is judged.
        return found
    # Most were edited, so that one as long as they are has its length by chance.
    shortest = min(_size(messages[place]) for place in found)
    return {place for place in (*fitting, *masked) if _size(messages[place]) >= shortest}


def _size(message: Row | None) -> int:
    return len(content_of(message)) if message else 0


def _unfitting(messages: Sequence[Row | None], fitting: Mapping[int, list[Writing]]) -> set[int]:
    """Returns the places of the messages whose length is not what Content-Length says."""
    common, count = next(iter(Counter(itertools.chain(*fitting.values())).most_common(1)), (AS_IT_IS, 0))
    if common != AS_IT_IS and count * 2 < len(fitting):
        common = AS_IT_IS
    if any(common in fits for fits in fitting.values()):
        return {place for place, fits in fitting.items() if common not in fits}
    return {place for place in fitting if (one := messages[place]) and len(content_of(one)) < int(_length(one))}


def _is_masked(token: bytes, blanked: bool) -> bool:
    """Tells whether a token was replaced; ``blanked`` if all are empty, as a signup's may be anyway."""
    return blanked if not token else PLAIN.fullmatch(token) is None or is_mark(token.decode())


def _fitting(message: Row) -> list[Writing] | None:
    """Returns the writings in which a content is as long as Content-Length says; None where that tells nothing."""
    length = _length(message)
    coding = field(message["headers"], "content-encoding").strip().casefold()
    if not length.isdecimal() or len(length) > 18 or coding not in ("", "identity"):
        return None
    content = content_of(message)
    if int(length) == len(content):
        return [AS_IT_IS]
    if values_of(content) > MOST_VALUES:
        return None
    value, amiss, _ = read_json(content)
    return None if amiss else [writing for writing, size in _sizes(value) if int(length) == size]


def _length(message: Row) -> str:
    return field(message["headers"], "content-length").strip()


def _sizes(value: Any) -> Iterator[tuple[Writing, int]]:
    """Yields usual ways to write a value, with the number of bytes that each takes."""
    commas, colons, lines, depths = _layout(value)
    spaces = (0, commas + colons, *(colons + lines + indent * depths for indent in (1, 2, 3, 4)))
    for ascii_only in (False, True):
        text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
        size = len(text.encode("utf-8", "surrogatepass"))
        for place, signs in enumerate(ESCAPED):
            more = sum(map(text.count, signs)) * (5 if place == 2 else 1)
            for form, end in itertools.product(range(len(spaces)), (0, 1)):
                yield (form, place, ascii_only, end), size + spaces[form] + more + end


def _layout(value: Any) -> tuple[int, int, int, int]:
    """Counts commas and colons of a value, and if each item stands on a line of its own the line breaks, and the steps
    by which lines are indented."""
    commas = colons = lines = depths = 0
    left = [(value, 0)]
    while left:
        one, depth = left.pop()
        items = [*one.values()] if isinstance(one, dict) else one
        if items and isinstance(items, list):
            commas += len(items) - 1
            colons += len(items) if isinstance(one, dict) else 0
            lines += len(items) + 1
            depths += len(items) * (depth + 1) + depth
            left += [(item, depth + 1) for item in items]
    return commas, colons, lines, depths
