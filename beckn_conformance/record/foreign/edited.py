"""Finds the messages of a recording whose text is not what was sent, as Content-Length shows."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ...messages.json_text import MOST_VALUES, read_json, values_of
from ..rows import Row, content_of
from .contents import field
from .marks import is_mark

FORMS: Final[tuple[dict[str, Any], ...]] = ({"separators": (",", ":")}, {}, {"indent": 2}, {"indent": 4})
"""Arguments of ``json.dumps`` for usual ways to write a value."""
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
    length that Content-Length says. If none has in any, the recorder is no witness of lengths.
    """
    fitting = {place: fits for place, one in enumerate(messages) if one and (fits := _fitting(one)) is not None}
    common = Counter(writing for fits in fitting.values() for writing in fits).most_common(1)
    return {place for place, fits in fitting.items() if common and common[0][0] not in fits}


def _fitting(message: Row) -> list[Writing] | None:
    """Returns the writings in which a content is as long as Content-Length says; None where that tells nothing."""
    length = field(message["headers"], "content-length").strip()
    coding = field(message["headers"], "content-encoding").strip().casefold()
    if not length.isdecimal() or coding not in ("", "identity"):
        return None
    content = content_of(message)
    if length == str(len(content)):
        return [AS_IT_IS]
    if any(PLAIN.fullmatch(token) is None or is_mark(token.decode()) for token in TOKEN.findall(content)):
        # Whoever publishes a recording masks its tokens; the rest is judged.
        return None
    if values_of(content) > MOST_VALUES:
        return None
    value, amiss, _ = read_json(content)
    return None if amiss else [writing for writing, size in _sizes(value) if length == str(size)]


def _sizes(value: Any) -> Iterator[tuple[Writing, int]]:
    for (number, form), ascii_only in itertools.product(enumerate(FORMS), (False, True)):
        text = json.dumps(value, ensure_ascii=ascii_only, **form)
        size = len(text.encode("utf-8", "surrogatepass"))
        for place, signs in enumerate(ESCAPED):
            more = sum(map(text.count, signs)) * (5 if place == 2 else 1)
            for end in (0, 1):
                yield (number, place, ascii_only, end), size + more + end
