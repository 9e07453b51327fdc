"""Plays a property: the examples of each chunk side by side, and failing ones shrunk."""

from __future__ import annotations

import functools
import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from ..judging.preference import DRAWN, Weight
from .assessment import TestOutcome
from .drawing import Drawer
from .examples import CHUNK, Enough, Examples
from .scenario import Play
from .session import Session

MOST_SHRUNK = 3
"""Findings of one property that are shrunk. A gateway that fails everything would take too long."""

FEW = 25
"""Examples that are not worth dividing."""

PATIENCE = 5.0
"""Seconds spent on shrinking one example."""


def chunks(count: int) -> int:
    """The number of chunks of so many examples; an even one, so that two processes share them evenly."""
    return 2 * -(-count // (2 * CHUNK)) if count > FEW else 1


def _chunks(count: int, part: int, parts: int) -> Iterator[tuple[int, int]]:
    """Numbers and sizes of the chunks of one part. All chunks are about as large."""
    whole = chunks(count)
    for number in range(part, whole, parts):
        yield number, count * (number + 1) // whole - count * number // whole


def examples_of_part(count: int, part: int, parts: int) -> int:
    """The number of examples of one part of a divided property."""
    return sum(n for _, n in _chunks(count, part, parts))


class Explorer:
    """Plays one property, or one part of it: every ``parts``-th chunk from ``part`` on."""

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
        drawer: Drawer | None = None,
        first: bool = False,
        most_shrunk: int = MOST_SHRUNK,
    ) -> None:
        self._first = first
        self._drawer = drawer or Drawer({})
        self._most_shrunk = most_shrunk
        self._session = session
        self._examples = examples
        self._play = play
        self._name = name
        self._chunks = deque(_chunks(count, part, parts))
        self.count = examples_of_part(count, part, parts)
        self._ahead: list[tuple[int, int, list[Any]]] = []
        self._order()

    def _order(self) -> None:
        if self._chunks:
            self._drawer.order((self._name, *self._chunks[0]))

    @property
    def coming(self) -> int:
        """Examples that begin once they are drawn, if none has begun."""
        return self._chunks[0][1] if self._chunks and not self._ahead else 0

    @property
    def can_begin(self) -> bool:
        """True if examples are coming, and need not be waited for."""
        return self.coming > 0 and self._drawer.has((self._name, *self._chunks[0]))

    @property
    def has_begun_all(self) -> bool:
        """True if no chunk is left to draw."""
        return not self._chunks

    def begin(self) -> None:
        """Draws a chunk of examples and starts them, ahead of the chunk that is judged."""
        if not self._chunks:
            return
        number, count = self._chunks.popleft()
        drawn = self._drawer.take((self._name, number, count))
        if drawn is None:
            drawn = self._examples.chunk(number, count)
        self._order()
        plays = {self._key(number, place): self._with(example) for place, example in enumerate(drawn)}
        self._session.player.prefetch(plays, first=self._first)
        self._ahead.append((number, count, drawn))

    def run(self, requirements: Sequence[str], test: str) -> TestOutcome:
        """Plays and judges all examples. Their outcome is that of all of them together."""
        session, seen = self._session, set[str]()
        known = session.tally.ids()
        while self._ahead or self._chunks:
            if not self._ahead:
                self.begin()
            number, count, drawn = self._ahead.pop(0)
            for place, example in enumerate(drawn):
                # What has been played stays in memory until it is judged, so the next chunk begins as late as possible.
                if not self._ahead and len(session.player.playing) < CHUNK:
                    self.begin()
                result = session.play(self._key(number, place), self._with(example), test, Weight(DRAWN))
                for id_ in result.findings:
                    if id_ not in seen and id_ not in known and len(seen) < self._most_shrunk:
                        self._shrink(number, count, place, id_, test)
                seen.update(result.findings)
        return session.end_test(test, requirements, drawn=True)

    def _shrink(self, number: int, count: int, place: int, id_: str, test: str) -> None:
        """Looks for the smallest example with the same finding."""
        until = time.monotonic() + PATIENCE
        tries = itertools.count(1)

        def fails(example: Any, *, hurried: bool) -> bool:
            if time.monotonic() > until:
                raise Enough
            transcript = self._session.player.tried(self._with(example), hurried=hurried)
            return id_ in self._session.judge(transcript, test, Weight(exact=DRAWN - next(tries))).findings

        for hurried in (True, False):
            found = self._examples.smaller(number, count, place, functools.partial(fails, hurried=hurried))
            if found is not None:
                return

    def _with(self, example: Any) -> Any:
        return functools.partial(self._play, example=example)

    def _key(self, number: int, place: int) -> str:
        return f"{self._name}#{number}.{place}"
