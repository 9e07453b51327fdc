"""Reads the times of recorded calls in many notations, as spans that claim no more than is known."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

FIRST, LAST = 946_684_800.0, 4_102_444_800.0
"""Plausible times: a time before 2000 or after 2099 is a clock that nobody set."""
FINE: Final = 0.01
"""Resolution in seconds from which on times do not order the calls of one client."""
UNMEASURED: Final = 2.0
"""Assumed duration in seconds of a call without one."""
TOO_SHORT: Final = 0.001
"""Seconds that some call of a recording takes."""
STEP: Final = 1e-6
ABREAST: Final = 100
"""Most calls that a client has under way at once."""
TICKS: Final = (1.0, 0.1, 0.01)
SCALES: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which number on a time counts nanoseconds, microseconds and milliseconds, and how many are in a second."""
NUMBER: Final = re.compile(r"(?:/Date\()?(-?\d{1,20}(?:\.\d{1,9})?)(?:\)/)?", re.ASCII)
LOGGED: Final = re.compile(r"^(\d\d)/([A-Z][a-z]{2})/(\d{4}):", re.ASCII)
SPOKEN: Final = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})", re.ASCII)
"""A JavaScript date as text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a call in seconds since the epoch, and how long it took; None for what is not on record."""

    start: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A period in which a call was made; the spans of calls that may have overlapped overlap."""

    begin: float
    end: float


def moment(entry: dict[str, Any]) -> Moment:
    """Returns the moment of an entry of a HAR."""
    taken = number(entry.get("time"))
    timings = entry.get("timings")
    if taken <= 0 and isinstance(timings, dict):
        taken = sum(
            max(number(timings.get(name)), 0.0) for name in ("blocked", "dns", "connect", "send", "wait", "receive")
        )
    return Moment(started(entry.get("startedDateTime")), taken / 1000 if 0 < taken < 1e9 else None)


def number(value: object) -> float:
    """Returns a number, or the number in a text; 0 for anything else."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def started(value: object) -> float | None:
    """Reads a time in any notation, in seconds since the epoch; None if it is no time of this century."""
    text = str(value).strip() if isinstance(value, (int, float, str)) and not isinstance(value, bool) else ""
    for read in (_counted, _written, _spoken, _sent):
        try:
            found = read(text[:80])
        except (ValueError, OverflowError, TypeError):
            continue
        if found is not None and FIRST <= found < LAST:
            return found
    return None


def _counted(text: str) -> float | None:
    matched = NUMBER.fullmatch(text)
    if matched is None:
        return None
    count = float(matched[1])
    return count / next((scale for least, scale in SCALES if count >= least), 1.0)


def _written(text: str) -> float:
    """Reads ISO 8601, also with spaces or slashes in it."""
    plain = re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text)
    plain = re.sub(r"([.,]\d{6})\d+", r"\1", plain).replace(" UTC", "Z")
    plain = re.sub(r" ([+-]\d\d:?\d\d|Z)$", r"\1", plain)
    return _epoch(datetime.datetime.fromisoformat(plain))


def _spoken(text: str) -> float | None:
    matched = SPOKEN.match(text)
    return _epoch(datetime.datetime.strptime("".join(matched.groups()), "%b %d %Y %H:%M:%S%z")) if matched else None


def _sent(text: str) -> float:
    """Reads a time as in mail and HTTP, or as in the logs of web servers."""
    return _epoch(parsedate_to_datetime(LOGGED.sub(r"\1 \2 \3 ", text)))


def _epoch(when: datetime.datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()


def tick(moments: Sequence[Moment]) -> float:
    """Returns the resolution of times in seconds: 1 if all are whole seconds, 0 if they are fine enough."""
    known = [one.start for one in moments if one.start is not None]
    return next((size for size in TICKS if all(abs(t / size - round(t / size)) < 1e-4 for t in known)), 0.0)


def spans(moments: Sequence[Moment], base: float, signups: Sequence[bool]) -> list[Span]:
    """Returns a span for each call, in the order of the file; ``signups`` tells which calls are signups.

    A time in whole seconds may be up to a second later. A call without a time lies between its neighbours in the file.
    Without any times, all calls were made in a moment at ``base`` and may have overlapped with their neighbours. Of
    calls that may have overlapped, the earlier one in the file ends first, and a signup before others.
    """
    if max((one.seconds or 0.0 for one in moments), default=0.0) < TOO_SHORT:
        # The recorder wrote durations in seconds, not milliseconds.
        moments = [Moment(one.start, one.seconds and one.seconds * 1000) for one in moments]
    if all(one.start is None for one in moments):
        return [Span(base + place * STEP, base + (place + ABREAST) * STEP) for place in range(len(moments))]
    size = tick(moments)
    found = _between([_span(one, size) for one in moments])
    vague = size >= FINE or any(one.start is None or one.seconds is None for one in moments)
    return [*_in_order(found, signups)] if vague else found


def _span(one: Moment, size: float) -> Span | None:
    if one.start is None:
        return None
    return Span(one.start, one.start + (UNMEASURED if one.seconds is None else one.seconds) + size)


def _between(found: Sequence[Span | None]) -> list[Span]:
    """Fills in missing spans, as wide as the neighbours in the file allow."""
    before: list[Span | None] = []
    for span in found:
        before.append(span or (before[-1] if before else None))
    after: list[Span | None] = []
    for span in reversed(found):
        after.append(span or (after[-1] if after else None))
    placed = []
    for span, earlier, later in zip(found, before, reversed(after), strict=True):
        around = [one for one in (earlier, later) if one is not None]
        placed.append(span or Span(min(one.begin for one in around), max(one.end for one in around)))
    return placed


def _in_order(found: Sequence[Span], signups: Sequence[bool]) -> Iterator[Span]:
    """Makes overlapping spans end in the order in which they begin; signups first, or else in the order given."""
    order = sorted(range(len(found)), key=lambda place: (found[place].begin, not signups[place]))
    ends = [0.0] * len(found)
    last = -math.inf
    for place in order:
        span = found[place]
        last = max(span.end, last + STEP) if span.begin < last else span.end
        ends[place] = last
    return (Span(span.begin, end) for span, end in zip(found, ends, strict=True))
