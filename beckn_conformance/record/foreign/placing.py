"""Places recorded calls in time, as far as their times and their order can be true."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...messages.exchange import Exchange
from ...specification.actions import SIGNUP
from ...specification.pointer import walk
from .moments import STEP, Moment, spans, started


def newest_first(exchanges: Sequence[Exchange]) -> bool:
    """Tells whether the newest call is the first in the recording."""
    return _misplaced(_in_turn(exchanges)) > _misplaced(_in_turn(exchanges[::-1]))


def placed(exchanges: Sequence[Exchange], moments: Sequence[Moment], notes: list[str]) -> list[Exchange]:
    """Places exchanges at their times; at those of the file's order if these cannot be true, or else all at once."""
    found = [*_spread(exchanges, moments)]
    if not _misplaced(found):
        return found
    notes.append(
        "calls come before what they follow, so their times, or their order, are wrong: nothing is judged by them"
    )
    found = [*_spread(exchanges, [Moment()] * len(exchanges))]
    return [*_at_once(found)] if _misplaced(found) else found


def _in_turn(exchanges: Sequence[Exchange]) -> list[Exchange]:
    return [replace(exchange, started=place, seconds=0.0) for place, exchange in enumerate(exchanges)]


def _at_once(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """Lets all calls overlap; signups end before the others."""
    begin = exchanges[0].started
    for place, exchange in enumerate(exchanges):
        rank = place if exchange.action == SIGNUP else place + len(exchanges)
        yield replace(exchange, started=begin, seconds=(rank + 1) * STEP)


def _spread(exchanges: Sequence[Exchange], moments: Sequence[Moment]) -> Iterator[Exchange]:
    """Places exchanges at their times; without any, about the time in their Timestamps."""
    said = (started(e.sent.header.get("Timestamp")) for e in exchanges if e.sent is not None)
    base = next((moment for moment in said if moment is not None), None)
    signups = [exchange.action == SIGNUP for exchange in exchanges]
    found = [
        replace(exchange, started=span.begin, seconds=span.end - span.begin)
        for exchange, span in zip(
            exchanges, spans(moments, time.time() if base is None else base, signups), strict=True
        )
    ]
    used: dict[str, float] = {}
    for exchange in found:
        if exchange.id_sent is not None:
            used[exchange.id_sent] = min(used.get(exchange.id_sent, math.inf), exchange.started)
    for exchange, moment in zip(found, moments, strict=True):
        # A signup whose duration is not on record had ended before anybody used the id that it gave.
        end = used.get(exchange.id_received or "", math.inf) if exchange.action == SIGNUP else math.inf
        shorter = moment.seconds is None and exchange.started < end < exchange.ended
        yield replace(exchange, seconds=end - exchange.started) if shorter else exchange


def _misplaced(exchanges: Sequence[Exchange]) -> int:
    """Counts acknowledged calls about a registration that ended before its signup did, or before somebody began to send
    what they show of it."""
    made: dict[str, float] = {}
    sent: dict[tuple[str, str, str], float] = {}
    for exchange in exchanges:
        id_ = (exchange.id_received if exchange.action == SIGNUP else exchange.id_sent) or ""
        if exchange.action == SIGNUP and id_:
            made[id_] = min(made.get(id_, math.inf), exchange.ended)
        for name, text in _texts(exchange.sent.body) if exchange.sent is not None else ():
            sent[id_, name, text] = min(sent.get((id_, name, text), math.inf), exchange.started)
    count = 0
    for exchange in exchanges:
        id_ = exchange.id_sent or ""
        # Whatever was sent about a registration is on record only if its signup is.
        if exchange.acknowledged and id_ in made:
            shown = (sent.get((id_, *said), -math.inf) for said in _texts(exchange.body_of_reply))
            count += exchange.ended < made[id_] or any(exchange.ended < begun for begun in shown)
    return count


def _texts(body: Any) -> Iterator[tuple[str, str]]:
    """Yields name and value of each text in the info and the documents of a body."""
    for pointer, name, value in walk(body):
        if isinstance(value, str) and name != "status" and pointer.startswith(("/info/", "/documents/")):
            yield name, value
