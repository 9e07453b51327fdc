"""Finds flaws of a record: changed lines, and exchanges that are not judged exactly once.

A record that was made up as a whole, with everything in it in its place, cannot be told from one that a run wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..client.probe import begun_by, is_probe, shown_by
from ..messages.binding import bindings, from_json
from ..messages.exchange import Exchange
from .run import Run

Row = Mapping[str, Any]
MOST_TOLD = 5
"""Most flaws of one kind that are listed."""


class Account:
    """Which exchanges the rows of a course name, and what for."""

    def __init__(self) -> None:
        self._judged: Counter[str] = Counter()
        self._probed: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()

    def take(self, row: Row) -> None:
        """Counts the exchanges that a row names."""
        match row["kind"]:
            case "begun":
                self._probed.update(row["probe"])
            case "judged":
                self._judged.update(row["exchanges"])
            case "closed":
                self._given_up.update(row["unjudged"])

    def flaws(self, exchanges: Iterable[str]) -> Iterator[str]:
        """Exchanges of a record that are not judged exactly once, other than those of the probe."""
        named = self._judged + self._probed + self._given_up
        there = dict.fromkeys(exchanges)
        yield from _told([id_ for id_ in there if id_ not in named], "{} is judged by no test")
        yield from _told([*self._given_up], "{} was given up and is judged by no test")
        yield from _told([id_ for id_, count in named.items() if count > 1], "{} is named by more than one row")
        yield from _told([id_ for id_ in named if id_ not in there], "{} is named and not on record")


def out_of_order(ids: Iterable[str]) -> Iterator[str]:
    """Flaws in the order of exchanges: those of one process and one gateway are numbered as they are written."""
    last: dict[str, int] = {}
    wrong = []
    for id_ in ids:
        label, _, number = id_.rpartition("x")
        if number != str(last.get(label, 0) + 1):
            wrong.append(id_)
        last[label] = int(number) if number.isdecimal() and number.isascii() else 0
    return _told(wrong, "{} is not where its number says; others are missing, or stand elsewhere")


def misbegun(run: Run, row: Row, probe: Sequence[Exchange]) -> Iterator[str]:
    """What a run says to have found out at its beginning, and its first calls do not show."""
    if run.recorded:
        return
    config = run.config
    candidates = bindings(config.binding, config.envelope)
    if from_json(row["binding"]) not in candidates:
        yield "the binding is none that the configuration leaves"
    ids = [exchange.id for exchange in probe]
    label = ids[0].removesuffix("1") if ids else ""
    if not is_probe(probe, len(candidates)) or ids != [f"{label}{number}" for number in range(1, len(ids) + 1)]:
        yield "what is called the first calls of the run are others"
    for name, value in begun_by(shown_by(probe), config).items():
        if row[name] != value:
            yield f"{name} is not what the first calls of the run show"


def _told(ids: Sequence[str], text: str) -> Iterator[str]:
    for id_ in ids[:MOST_TOLD]:
        yield text.format(f"exchange {id_}")
    if len(ids) > MOST_TOLD:
        yield f"so it is with {len(ids) - MOST_TOLD} exchanges more"
