"""Examples of a property: drawn by Hypothesis in chunks, each again from its seed, and made smaller where one fails."""

from __future__ import annotations

import contextlib
import hashlib
import random
import tempfile
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException, NoSuchExample, Unsatisfiable
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.strategies import SearchStrategy

from ..process.interrupts import undisturbed

CHUNK = 100
"""Examples that one engine draws; a single engine for a long run would hold on to all of them."""

MOST_TRIES = 150
"""Examples that are tried to make one smaller."""


class _NoConstants:
    """Constants of no module."""

    @staticmethod
    def set_for_type(kind: str) -> tuple[()]:
        return ()


_DRAWING: dict[str, Any] = {"_get_local_constants": _NoConstants, "CONSTANTS_CACHE": LRUCache(1024)}
"""What Hypothesis draws with in place of the constants of all modules that are loaded and not installed. It has no
setting for it, and would draw something else for the same seed in a checkout, or beside the tests of somebody else."""


class Examples:
    """The examples of one property, the same for the same seed and name."""

    def __init__(self, strategy: SearchStrategy[Any], seed: int, name: str) -> None:
        self._strategy = strategy
        self._seed = seed
        self._name = name

    def chunk(self, number: int, count: int) -> list[Any]:
        """The examples of a chunk, at most ``count``; fewer where a strategy has no more."""
        found: list[Any] = []
        # An interrupt among the callbacks of the engine would be lost.
        with undisturbed():
            self._run(number, count, found.append, (Phase.generate,))
        return found[:count]

    def smaller(self, number: int, count: int, failing: int, fails: Callable[[Any], bool]) -> Any:
        """The smallest example that fails as the given one of a chunk does; that one itself where none is found.

        The chunk is drawn once more: the engine sees every example before the failing one pass, as it did then.
        ``fails`` may raise Enough to be asked no more.
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

        # What depends on more than the example does not fail twice; what was found stands all the same.
        with contextlib.suppress(_Failed, Enough, HypothesisException):
            self._run(number, count, body, (Phase.generate, Phase.shrink))
        return best

    def _run(self, number: int, count: int, body: Callable[[Any], None], phases: tuple[Phase, ...]) -> None:
        seed = hashlib.sha256(f"{self._seed}/{self._name}/{number}".encode()).digest()
        with _alone():

            @hypothesis.seed(int.from_bytes(seed[:8], "big"))
            @hypothesis.settings(_settings(count, phases))
            @hypothesis.given(self._strategy)
            def property_(example: Any) -> None:
                body(example)

            property_()


def find(strategy: Callable[[], SearchStrategy[Any]], holds: Callable[[Any], bool], *, tries: int) -> tuple[Any] | None:
    """A small example for which something holds, in a tuple; None where none of so many does.

    MOST_TRIES more make it smaller. The strategy is given by what makes it, for caches are filled in the
    making. The example is the same every time.
    """
    settings = _settings(tries, (Phase.generate, Phase.shrink))
    best: tuple[Any] | None = None
    left = MOST_TRIES

    def condition(example: Any) -> bool:
        nonlocal best, left
        if best is not None:
            left -= 1
            if left < 0:
                raise Enough
        if holds(example):
            best = (example,)
            return True
        return False

    with _alone(), contextlib.suppress(NoSuchExample, Unsatisfiable, Enough):
        hypothesis.find(strategy(), condition, settings=settings, random=random.Random(0))
    return best


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keeps Hypothesis from what is around it: its caches, of no use between runs, out of the folder of whoever runs
    this, and the constants of modules that happen to be loaded out of what a seed draws."""
    with tempfile.TemporaryDirectory(prefix="beckn-conformance-") as folder, contextlib.ExitStack() as drawing:
        for name, value in _DRAWING.items():
            if hasattr(providers, name):
                drawing.enter_context(unittest.mock.patch.object(providers, name, value))
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _settings(count: int, phases: tuple[Phase, ...]) -> hypothesis.settings:
    return hypothesis.settings(
        database=None,
        deadline=None,
        derandomize=False,
        max_examples=count,
        phases=phases,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


class _Failed(Exception):
    """Tells the engine that an example fails."""


class Enough(BaseException):
    """Ends the engine, which takes an Exception for a failure and would go on drawing for minutes."""
