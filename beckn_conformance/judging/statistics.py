"""Counts what a run shows besides its verdict: answer times, and which statuses follow one another."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..messages.exchange import Exchange, overlapping
from ..specification.actions import SIGNUP, UPDATE
from ..specification.pointer import MISSING, member, objects
from .finding import Finding

BOUNDS = (*(round(step * 10.0**power, 7) for power in range(-4, 2) for step in (1, 1.5, 2, 3, 5, 7)), 100.0)
"""Upper ends of the buckets of answer times, in seconds; the last bucket has none."""
UNANSWERED = -1
MOST_TRANSITIONS = 400
"""Different transitions kept; a hostile gateway may invent endless statuses."""
LONGEST_STATUS = 60
MOST_REGISTRATIONS = 20_000


class Transition(NamedTuple):
    """A status, and the next one that a reply shows of the same thing."""

    subject: str
    """``registration``, ``document`` or ``api``."""
    before: str | None
    """None if no reply had shown a status before."""
    after: str
    operation: str
    """Action of the call whose reply shows the later status."""
    answer: str
    """``ACK`` or ``NACK``."""


class Statistics:
    """Counts answer times and transitions of statuses, in bounded memory."""

    def __init__(self) -> None:
        self._times: Counter[tuple[str, int]] = Counter()
        """Calls by operation and bucket of their answer time, or UNANSWERED."""
        self._counts: dict[Transition, int] = {}
        self._findings: dict[Transition, set[str]] = {}
        self._shown: dict[str, dict[tuple[object, ...], str] | None] = {}
        """Statuses that replies last showed of each registration; None if nobody can say which came last."""

    def observe(self, exchanges: Sequence[Exchange], findings: Mapping[str, Sequence[Finding]]) -> None:
        """Counts the exchanges of a scenario.

        ``findings`` are those of the scenario by exchange; one at the place of a status says that the transition to it
        is not allowed (R4–R7, R17).
        """
        by_registration: dict[str, list[Exchange]] = {}
        for exchange in exchanges:
            if not exchange.purpose:
                # How long hostile or oversized input takes says little about a gateway.
                self._time(exchange)
            id_ = _registration(exchange)
            if id_ is not None:
                by_registration.setdefault(id_, []).append(exchange)
        for id_, about in by_registration.items():
            about.sort(key=lambda e: e.ended)
            beside = overlapping(about)
            for exchange in about:
                self._follow(id_, exchange, exchange.id in beside, findings.get(exchange.id, ()))

    def _follow(self, id_: str, exchange: Exchange, beside: bool, findings: Sequence[Finding]) -> None:
        if exchange.action_of_reply is None or (exchange.refused and exchange.action != UPDATE):
            return
        if exchange.action == SIGNUP or id_ not in self._shown:
            if len(self._shown) >= MOST_REGISTRATIONS:
                del self._shown[next(iter(self._shown))]
            self._shown[id_] = {}
        before = self._shown[id_]
        statuses = dict(before or {})
        for key, pointer, status in _statuses(exchange):
            if before is not None and not beside:
                transition = Transition(
                    str(key[0]), statuses.get(key), status, exchange.action, str(exchange.action_of_reply)
                )
                self._count(transition, (finding.id for finding in findings if finding.pointer == pointer))
            statuses[key] = status
        # Nobody can say which of overlapping calls the gateway carried out last.
        self._shown[id_] = None if beside else statuses

    def forget(self, registration: str) -> None:
        """Drops the statuses of a registration that is not called again."""
        self._shown.pop(registration, None)

    def _time(self, exchange: Exchange) -> None:
        bucket = UNANSWERED if exchange.reply is None else bisect_left(BOUNDS, exchange.seconds)
        self._times[exchange.action, bucket] += 1

    def _count(self, transition: Transition, findings: Iterable[str], times: int = 1) -> None:
        if transition not in self._counts and len(self._counts) >= MOST_TRANSITIONS:
            return
        self._counts[transition] = self._counts.get(transition, 0) + times
        self._findings.setdefault(transition, set()).update(findings)

    def forget_all(self) -> None:
        """Drops the statuses of all registrations, as no other process calls them."""
        self._shown.clear()

    def join(self, later: Statistics) -> None:
        """Adds what another process has counted."""
        self._times.update(later._times)
        for transition, times in later._counts.items():
            self._count(transition, later._findings[transition], times)

    def to_json(self) -> dict[str, Any]:
        times = {
            operation: [self._times[operation, bucket] for bucket in range(len(BOUNDS) + 1)]
            for operation in sorted({operation for operation, _ in self._times})
        }
        return {
            "answer_times": {
                "bounds": list(BOUNDS),
                "operations": {
                    operation: {
                        "count": sum(counts),
                        "unanswered": self._times[operation, UNANSWERED],
                        "counts": counts,
                    }
                    for operation, counts in times.items()
                },
            },
            "transitions": [
                {**transition._asdict(), "count": count, "findings": sorted(self._findings[transition])}
                for transition, count in sorted(self._counts.items(), key=lambda item: (-item[1], str(item[0])))
            ],
        }


def _registration(exchange: Exchange) -> str | None:
    """Id of the registration that a reply is about; a NACK may have a message in its place."""
    id_ = exchange.id_received if exchange.action == SIGNUP else exchange.id_sent
    return id_ or exchange.about or None


def _statuses(exchange: Exchange) -> Iterator[tuple[tuple[object, ...], str, str]]:
    """Yields what each status of a reply belongs to, its pointer and its text; documents by content and name (R9)."""
    body = exchange.body_of_reply
    places: list[tuple[tuple[object, ...], str]] = [(("registration",), "/registration/status")]
    if exchange.acknowledged:
        places.append((("api",), "/api/status"))
        seen: dict[int, int] = {}
        for index, item in objects(body, "/documents"):
            content = hash((str(item.get("name")), str(item.get("data"))))
            seen[content] = seen.get(content, 0) + 1
            places.append((("document", content, seen[content]), f"/documents/{index}/status"))
    for key, pointer in places:
        status = member(body, pointer)
        if isinstance(status, str) and status not in ("", MISSING):
            yield key, pointer, status if len(status) <= LONGEST_STATUS else f"{status[:LONGEST_STATUS]}…"
