"""Plays a property: its examples side by side, chunk after chunk, and what fails made smaller."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..judging.finding import Finding
from ..judging.preference import DRAWN, Weight
from .assessment import ScenarioResult, TestOutcome
from .examples import CHUNK, Enough, Examples
from .scenario import Play
from .session import Session

MOST_SHRUNK = 3
"""Findings of one property that are made smaller; a gateway that fails everything would keep it at that."""

PATIENCE = 5.0
"""Seconds after which a failing example is not made smaller any more."""


def _chunks(count: int, part: int, parts: int) -> Iterator[tuple[int, int]]:
    for number in range(part, -(-count // CHUNK), parts):
        yield number, min(CHUNK, count - number * CHUNK)


def examples_of_part(count: int, part: int, parts: int) -> int:
    """How many of the examples of a property belong to one of the tests that it is divided into."""
    return sum(n for _, n in _chunks(count, part, parts))


class Explorer:
    """One property, or the part of it that falls to one test: every ``parts``-th chunk from ``part`` on."""

    def __init__(
        self,
        session: Session,
        examples: Examples,
        play: Play,
        name: str,
        count: int,
        part: int = 0,
        parts: int = 1,
        *,
        most_shrunk: int = MOST_SHRUNK,
    ) -> None:
        self._most_shrunk = most_shrunk
        self._session = session
        self._examples = examples
        self._play = play
        self._name = name
        self._chunks = _chunks(count, part, parts)
        self.count = examples_of_part(count, part, parts)
        self._ahead: list[tuple[int, int, list[Any]]] = []
        self.done = 0

    def begin(self) -> None:
        """Draws a chunk of examples and sets them playing, ahead of the one that is judged."""
        number, count = next(self._chunks, (-1, 0))
        if number < 0:
            return
        drawn = self._examples.chunk(number, count)
        self._session.prefetch({self._key(number, n): self._with(example) for n, example in enumerate(drawn)})
        self._ahead.append((number, count, drawn))

    def run(
        self, requirements: Sequence[str], node_id: str, progress: Callable[[int], None] = lambda done: None
    ) -> TestOutcome:
        """Plays and judges all examples; the outcome is that of all of them together."""
        findings: dict[str, Finding] = {}
        exercised: set[str] = set()
        reason = ""
        known = self._session.assessment.found()
        if not self._ahead:
            self.begin()
        while self._ahead:
            self.begin()
            number, count, drawn = self._ahead.pop(0)
            for place, example in enumerate(drawn):
                judged = self._judged(number, place, example, node_id)
                for id_ in judged.findings:
                    if id_ not in findings and id_ not in known and len(findings) < self._most_shrunk:
                        self._shrink(number, count, place, id_, node_id)
                findings |= judged.findings
                exercised |= judged.exercised
                reason = judged.reason or reason
                self.done += 1
                progress(self.done)
        return self._session.outcome(requirements, ScenarioResult(findings, exercised, reason), node_id, drawn=True)

    def _judged(self, number: int, place: int, example: Any, node_id: str) -> ScenarioResult:
        weight = Weight(DRAWN)
        played = self._session.played(self._key(number, place), self._with(example), node_id, weight)
        return self._session.judge(played, node_id, weight)

    def _shrink(self, number: int, count: int, place: int, id_: str, node_id: str) -> None:
        """Looks for the smallest example with the same finding; the last that is seen stands in the report."""
        until = time.monotonic() + PATIENCE
        tries = itertools.count(1)

        def fails(example: Any, *, hurried: bool) -> bool:
            if time.monotonic() > until:
                raise Enough
            played = self._session.tried(self._with(example), hurried=hurried)
            return id_ in self._session.judge(played, node_id, Weight(exact=DRAWN - next(tries))).findings

        for hurried in (True, False):
            found = self._examples.smaller(number, count, place, functools.partial(fails, hurried=hurried))
            if found is not None:
                return

    def _with(self, example: Any) -> Any:
        return functools.partial(self._play, example=example)

    def _key(self, number: int, place: int) -> str:
        return f"{self._name}#{number}.{place}"
