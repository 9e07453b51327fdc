"""Finds flaws of a record, such as exchanges that are not judged exactly once.

A record that was made up as a whole, consistently, cannot be told from one that a run wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..client.probe import begun_by, is_probe, shown_by
from ..messages.binding import bindings
from ..messages.exchange import Exchange
from .events import Probe, ProcessEnd, ScenarioEnd, Step
from .run import Run

MOST_TOLD = 5
"""Most flaws of one kind that are listed."""


class Account:
    """Counts how often the steps of a run name each exchange."""

    def __init__(self) -> None:
        self._named: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()

    def apply(self, step: Step) -> None:
        """Counts the exchanges that a step names."""
        match step:
            case Probe():
                self._named.update(step.probe)
            case ScenarioEnd():
                self._named.update(exchange.id for exchange in step.transcript.exchanges)
            case ProcessEnd():
                self._given_up.update(step.unjudged)

    def flaws(self, exchanges: Iterable[str]) -> Iterator[str]:
        """Exchanges on record that are not judged exactly once; those of the probe need not be."""
        named = self._named + self._given_up
        there = dict.fromkeys(exchanges)
        yield from _told([id_ for id_ in there if id_ not in named], "{} is judged by no test")
        yield from _told([*self._given_up], "{} was given up and is judged by no test")
        yield from _told([id_ for id_, count in named.items() if count > 1], "{} is named by more than one row")
        yield from _told([id_ for id_ in named if id_ not in there], "{} is named and not on record")


def out_of_order(ids: Iterable[str]) -> Iterator[str]:
    """Exchanges out of order. Each process numbers those with one gateway as it writes them."""
    last: dict[str, int] = {}
    wrong = []
    for id_ in ids:
        label, _, number = id_.rpartition("x")
        if number != str(last.get(label, 0) + 1):
            wrong.append(id_)
        last[label] = int(number) if number.isdecimal() and number.isascii() else 0
    return _told(wrong, "{} is not where its number says; others are missing, or stand elsewhere")


def misbegun(run: Run, probe: Probe, calls: Sequence[Exchange]) -> Iterator[str]:
    """Facts that a run claims to have found out at its start, and that the calls of its probe do not show."""
    if run.recorded:
        return
    config = run.config
    candidates = bindings(config.binding, config.envelope)
    if probe.binding not in candidates:
        yield "the binding is none that the configuration leaves"
    ids = [exchange.id for exchange in calls]
    label = ids[0].removesuffix("1") if ids else ""
    if not is_probe(calls, len(candidates)) or ids != [f"{label}{number}" for number in range(1, len(ids) + 1)]:
        yield "what is called the first calls of the run are others"
    for name, value in begun_by(shown_by(calls), config).items():
        if getattr(probe, name) != value:
            yield f"{name} is not what the first calls of the run show"


def _told(ids: Sequence[str], text: str) -> Iterator[str]:
    for id_ in ids[:MOST_TOLD]:
        yield text.format(f"exchange {id_}")
    if len(ids) > MOST_TOLD:
        yield f"so it is with {len(ids) - MOST_TOLD} exchanges more"
