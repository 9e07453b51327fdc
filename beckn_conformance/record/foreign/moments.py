"""When recorded calls were made: times in the notations of recorders, and spans that claim no more than these."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

FIRST, LAST = 946_684_800.0, 4_102_444_800.0
"""A time before the year 2000 or after 2099 is one that nobody has set."""
FINE: Final = 0.01
"""Seconds: times that are told no more exactly than this do not order calls of one client."""
UNMEASURED: Final = 2.0
"""Seconds that a call may have taken where nothing says how long it took."""
STEP: Final = 1e-6
ABREAST: Final = 100
"""Calls that a client has under way at once, at most."""
TICKS: Final = (1.0, 0.1, 0.01)
SCALES: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which number on one counts nanoseconds, microseconds and milliseconds, and how many are in a second."""
NUMBER: Final = re.compile(r"(?:/Date\()?(-?\d{1,20}(?:\.\d{1,9})?)(?:\)/)?", re.ASCII)
SPOKEN: Final = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})", re.ASCII)
"""What JavaScript makes of a date as a text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a call was sent, in seconds since the epoch, and how long it took; None for what is not recorded."""

    start: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A time within which a call was made; those of calls that may have overlapped overlap."""

    begin: float
    end: float


def moment(entry: dict[str, Any]) -> Moment:
    """The moment of an entry of a HAR."""
    taken = number(entry.get("time"))
    timings = entry.get("timings")
    if taken <= 0 and isinstance(timings, dict):
        taken = sum(
            max(number(timings.get(name)), 0.0) for name in ("blocked", "dns", "connect", "send", "wait", "receive")
        )
    return Moment(started(entry.get("startedDateTime")), taken / 1000 if 0 < taken < 1e9 else None)


def number(value: object) -> float:
    """A number, or the one that a text says; 0 for anything else."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def started(value: object) -> float | None:
    """Seconds since the epoch of a time in any notation; None for what is none, or no time of this century."""
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
    """ISO 8601, with a space or slashes in it, too."""
    plain = re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", text)
    plain = re.sub(r"([.,]\d{6})\d+", r"\1", plain).replace(" UTC", "Z")
    plain = re.sub(r" ([+-]\d\d:?\d\d|Z)$", r"\1", plain)
    return _epoch(datetime.datetime.fromisoformat(plain))


def _spoken(text: str) -> float | None:
    matched = SPOKEN.match(text)
    return _epoch(datetime.datetime.strptime("".join(matched.groups()), "%b %d %Y %H:%M:%S%z")) if matched else None


def _sent(text: str) -> float:
    return _epoch(parsedate_to_datetime(text))


def _epoch(when: datetime.datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()


def tick(moments: Sequence[Moment]) -> float:
    """Seconds to which times are told: 1 where all are whole ones, 0 where they are told exactly enough."""
    known = [one.start for one in moments if one.start is not None]
    return next((size for size in TICKS if all(abs(t / size - round(t / size)) < 1e-4 for t in known)), 0.0)


def spans(moments: Sequence[Moment], base: float) -> list[Span]:
    """A span for each call, in the order of the file.

    What is told to a second may be a second later. A call whose time is not known lies between those before and after
    it in the file; where no time is known, it may have overlapped with any of those next to it, and all were made in a
    moment at ``base``. Among calls that may have overlapped, those that come first in the file end first.
    """
    if all(one.start is None for one in moments):
        return [Span(base + place * STEP, base + (place + ABREAST) * STEP) for place in range(len(moments))]
    size = tick(moments)
    found = _between([_span(one, size) for one in moments])
    vague = size >= FINE or any(one.start is None or one.seconds is None for one in moments)
    return [*_in_order(found)] if vague else found


def _span(one: Moment, size: float) -> Span | None:
    if one.start is None:
        return None
    return Span(one.start, one.start + (UNMEASURED if one.seconds is None else one.seconds) + size)


def _between(found: Sequence[Span | None]) -> list[Span]:
    """Spans for those that have none: as long as the neighbours in the file leave open."""
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


def _in_order(found: Sequence[Span]) -> Iterator[Span]:
    """The same spans, of which those that overlap end in the order in which they begin or, where that is the same, in
    which they are given."""
    order = sorted(range(len(found)), key=lambda place: found[place].begin)
    ends = [0.0] * len(found)
    last = -math.inf
    for place in order:
        span = found[place]
        last = max(span.end, last + STEP) if span.begin < last else span.end
        ends[place] = last
    return (Span(span.begin, end) for span, end in zip(found, ends, strict=True))
