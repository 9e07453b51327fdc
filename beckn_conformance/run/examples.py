"""Draws the examples of a property with Hypothesis, in chunks that a seed repeats, and shrinks one that fails."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..process.interrupts import undisturbed
from .lazy import LazyModule

if TYPE_CHECKING:
    import hypothesis
    from hypothesis.strategies import SearchStrategy
else:
    hypothesis = LazyModule("hypothesis")

CHUNK = 50
"""Examples drawn by one Hypothesis engine. One engine for a deep run would keep all of them in memory."""

MOST_TRIES = 150
"""Examples tried at most to shrink one."""


class Examples:
    """The examples of one property: the same for the same seed and name on one installation.

    Hypothesis also draws constants of local modules, so another installation may draw others. The record of a run has
    every example.
    """

    def __init__(self, make: Callable[[], SearchStrategy[Any]], seed: int, name: str) -> None:
        self._make = make
        self._seed = seed
        self._name = name

    @cached_property
    def _strategy(self) -> SearchStrategy[Any]:
        # To make a strategy of Schemathesis' takes longer than to draw with it.
        return self._make()

    def chunk(self, number: int, count: int) -> list[Any]:
        """Draws a chunk of at most ``count`` examples; fewer if the strategy has no more."""
        found: list[Any] = []
        # An interrupt among the callbacks of the engine would be lost.
        with undisturbed():
            self._run(number, count, found.append, (hypothesis.Phase.generate,))
        return found[:count]

    def smaller(self, number: int, count: int, failing: int, fails: Callable[[Any], bool]) -> Any:
        """Shrinks the example at the place ``failing`` of a chunk; None if it does not fail again.

        The chunk is drawn once more, with every example before the failing one passing. ``fails`` may raise Enough to
        end the search.
        """
        place = -1
        tried: dict[str, bool] = {}
        best: Any = None

        def body(example: Any) -> None:
            nonlocal place, best
            place += 1
            if place < failing or (place > failing and best is None):
                return
            key = repr(example)
            if key not in tried:
                if len(tried) == MOST_TRIES:
                    raise Enough
                tried[key] = fails(example)
            if tried[key]:
                best = example
                raise _Failed

        # A failure that depends on more than the example need not show again. The finding stands all the same.
        with contextlib.suppress(_Failed, Enough, hypothesis.errors.HypothesisException):
            self._run(number, count, body, (hypothesis.Phase.generate, hypothesis.Phase.shrink))
        return best

    def _run(self, number: int, count: int, body: Callable[[Any], None], phases: tuple[hypothesis.Phase, ...]) -> None:
        seed = hashlib.sha256(f"{self._seed}/{self._name}/{number}".encode()).digest()
        with _own_cache():

            @hypothesis.seed(int.from_bytes(seed[:8], "big"))
            @hypothesis.settings(_settings(count, phases))
            @hypothesis.given(self._strategy)
            def property_(example: Any) -> None:
                body(example)

            property_()


CACHE = Path(cache_from_source(__file__)).with_name("hypothesis")
"""Folder of the tables that Hypothesis makes of Unicode and of local modules, beside what Python has compiled. They are
made again if it cannot be written to."""


@contextlib.contextmanager
def _own_cache() -> Iterator[None]:
    """Keeps the tables of Hypothesis out of the current folder."""
    hypothesis.configuration.set_hypothesis_home_dir(CACHE)
    try:
        yield
    finally:
        hypothesis.configuration.set_hypothesis_home_dir(None)


def _settings(count: int, phases: tuple[hypothesis.Phase, ...]) -> hypothesis.settings:
    return hypothesis.settings(
        database=None,
        deadline=None,
        derandomize=False,
        max_examples=count,
        phases=phases,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )


class _Failed(Exception):
    """Reports to the engine that an example fails."""


class Enough(BaseException):
    """Ends the engine. It would take an Exception for a failure, and go on for minutes."""
