"""Finds calls that are on record twice: by a page and its service worker, or by two recordings in one file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...specification.actions import SIGNUP
from ..rows import content_of
from .har import Recorded
from .moments import Moment, tick

HEADER = ("action", "token", "timestamp")
MOST_COMPARED = 64
"""Equal requests, timestamp included, that a call is compared with: the last ones."""
PROMPT: Final = 2.0
"""Seconds within which calls with the same Timestamp are made."""
AGAIN: Final = "limit: the recording may hold this call at another time"
STAMP: Final = re.compile(rb'"timestamp"\s*:\s*"([^"]*)', re.IGNORECASE)
"""The Timestamp in an envelope."""
Key = tuple[str, str, bytes, tuple[str, ...]]


def single(calls: Sequence[tuple[str, Recorded]]) -> list[tuple[str, Recorded]]:
    """Returns each call once; of two records of one call, the more complete one, in the place of the first.

    Where Timestamps go with time, a call that equals an earlier one, with its reply, may be that one in a recording
    with another clock. It is kept without its reply.
    """
    size = tick([call.moment for _, call in calls])
    firsts: dict[Key, float | None] = {}
    for _, call in calls:
        firsts.setdefault(_key(call), call.moment.start)
    stamps = {(*STAMP.findall(content), header[-1]) for _, _, content, header in firsts} - {("",)}
    seconds = {int(start) for start in firsts.values() if start is not None}
    tells_time = bool(stamps) and len(stamps) * 2 >= len(seconds)
    kept: list[tuple[str, Recorded]] = []
    places: dict[Key, list[int]] = {}
    for action, call in calls:
        known = places.setdefault(_key(call), [])
        twin = next((place for place in known[-MOST_COMPARED:] if _is_one(action, kept[place][1], call, size)), None)
        if twin is None:
            if tells_time and any(_is_late(kept[place][1], call) for place in known[-MOST_COMPARED:]):
                call = replace(call, row={**call.row, "reply": None, "trouble": AGAIN})
            known.append(len(kept))
            kept.append((action, call))
        elif _says(call) > _says(kept[twin][1]):
            kept[twin] = (action, call)
    return kept


def _key(call: Recorded) -> Key:
    request = call.row["request"]
    header = {name.casefold(): value for name, value in request["headers"]}
    return request["method"], request["url"], content_of(request), tuple(header.get(name, "") for name in HEADER)


def _is_one(action: str, one: Recorded, other: Recorded, size: float) -> bool:
    """Reports if two records of the same request are one call: they have one reply, at one time."""
    answers = [answer for call in (one, other) if (answer := _answer(call)) is not None]
    if len(answers) == 2 and answers[0] != answers[1]:
        return False
    # There may have been a second signup with the same reply, but no check judges one (Q13).
    same = len(answers) == 2 and (action == SIGNUP or None in (one.moment.start, other.moment.start))
    return same or _at_once(one.moment, other.moment, size)


def _is_late(one: Recorded, other: Recorded) -> bool:
    """Reports if two records have the same reply, and times too far apart for their common Timestamp."""
    apart = abs((one.moment.start or 0.0) - (other.moment.start or 0.0))
    return apart > PROMPT and _answer(one) == _answer(other)


def _at_once(one: Moment, other: Moment, size: float) -> bool:
    """Reports if the later one began and ended while the earlier one was under way."""
    if one.start is None or other.start is None:
        return False
    first, second = sorted((m.start or 0.0, (m.start or 0.0) + (m.seconds or 0.0)) for m in (one, other))
    return first[0] == second[0] or (second[0] < first[1] and second[1] <= first[1] + max(size, 0.005))


def _answer(call: Recorded) -> tuple[int, bytes] | None:
    """Returns status and content of a reply; None without a content."""
    reply = call.row["reply"]
    return (reply["status"], content_of(reply)) if reply and reply["content"] else None


def _says(call: Recorded) -> tuple[bool, bool, int]:
    reply = call.row["reply"]
    return (
        _answer(call) is not None,
        reply is not None,
        len(call.row["request"]["headers"]) + len(reply["headers"] if reply else ()),
    )
