"""Schedules scenarios: many play side by side, ahead of the one that is judged."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping

import pytest

from ..run.assessment import TestOutcome
from ..run.drawing import Drawer
from ..run.examples import CHUNK
from ..run.properties import Explorer
from ..run.session import Session
from .items import ScenarioTest, may_do_harm
from .progress import Progress, Screen

WINDOW = 400
"""Scenarios that play ahead of the one that is judged. Their exchanges stay in memory until then."""
HISTORY = 4
"""Other scenarios in place of which a history plays, as it has more calls."""
CALLS = 8
"""Calls per scenario for which memory is kept free."""
WINDOW_TO_STOP = 16
"""Scenarios that play ahead if --maxfail may end the run at any time."""


class Schedule:
    """Plays the tests of this process, each beside those that follow it."""

    def __init__(self, session: Session, config: pytest.Config) -> None:
        self._session = session
        self._config = config
        self._screen = Screen(config)
        self._groups: Mapping[str, str] = {}
        self._waiting: defaultdict[str, deque[ScenarioTest]] = defaultdict(deque)
        """By group, the tests that have not begun, in their order."""
        self._begun: set[str] = set()
        self._explorers: dict[str, Explorer] = {}
        self._drawer = Drawer({})

    def arrange(self, tests: Iterable[ScenarioTest], groups: Mapping[str, str]) -> None:
        """Takes the tests of a run in their order, and the group of each."""
        self._groups = groups
        # A divided property would leave no room for the others until all of it is judged.
        for test in sorted(tests, key=lambda test: not _is_first(test)):
            self._waiting[groups[test.name]].append(test)

    def draw(self) -> None:
        """Has examples drawn beside this process from now on. It must not have a second thread yet."""
        tests = itertools.chain(*self._waiting.values())
        self._drawer = Drawer({test.name: test.examples(self._session) for test in tests if test.is_property})

    def play(self, test: ScenarioTest) -> TestOutcome:
        """Plays and judges a test, or judges it if it has begun before; meanwhile begins others."""
        if test.name not in self._begun:
            self._begin([test])
        self._prefetch(self._waiting[self._groups[test.name]])
        if not test.is_property:
            self._session.play(test.name, test.play, test.node_id)
            return self._session.end_test(test.node_id, test.requirements)
        explorer = self._explorers[test.name]
        with Progress(self._screen, self._session, test.item.name, explorer.count):
            outcome = explorer.run(test.requirements, test.node_id)
        del self._explorers[test.name]
        return outcome

    def close(self) -> None:
        """Ends the process that draws, and closes the terminal. It may be called more than once."""
        self._drawer.close()
        self._screen.close()

    def _prefetch(self, waiting: deque[ScenarioTest]) -> None:
        """Begins the tests that follow, so that not every test waits for a far gateway."""
        self._begin(self._next(waiting, harmful=False))
        for explorer in self._explorers.values():
            if explorer.can_begin:
                explorer.begin()
        if all(explorer.has_begun_all for explorer in self._explorers.values()):
            harmful = self._next(waiting, harmful=True)
            if harmful:
                # These are alone at times, and would wait for those that wait for others.
                self._session.player.all_due()
            self._begin(harmful)

    def _next(self, waiting: deque[ScenarioTest], *, harmful: bool) -> list[ScenarioTest]:
        """Takes the next tests for which there is room, while all of them may do harm or none does."""
        fitting = min(max(self._session.player.memory.room / CALLS, 1), WINDOW)
        most = WINDOW_TO_STOP if self._config.option.maxfail else fitting
        room = most - len(self._session.player.playing) - sum(one.coming for one in self._explorers.values())
        found = []
        while waiting and room > 0 and may_do_harm(waiting[0].name) is harmful:
            test = waiting.popleft()
            if test.name not in self._begun:
                found.append(test)
                room -= self._room_for(test)
        return found

    def _room_for(self, test: ScenarioTest) -> int:
        """The room that a test takes."""
        if not test.is_property:
            return 1
        # The first examples begin together. Those that settle are histories.
        return min(self._count(test), CHUNK) * (HISTORY if test.scenario.settles else 1)

    def _begin(self, tests: Collection[ScenarioTest]) -> None:
        """Begins tests together; properties begin once their first examples are drawn."""
        self._begun.update(test.name for test in tests)
        self._session.player.prefetch({test.name: test.play for test in tests if not test.is_property})
        self._explorers |= {test.name: self._explorer(test) for test in tests if test.is_property}

    def _explorer(self, test: ScenarioTest) -> Explorer:
        return Explorer(
            self._session,
            test.examples(self._session),
            test.scenario.play,
            test.name,
            self._count(test),
            *test.part,
            drawer=self._drawer,
            first=_is_first(test),
        )

    def _count(self, test: ScenarioTest) -> int:
        return test.scenario.count(self._session.run.examples)


def _is_first(test: ScenarioTest) -> bool:
    """True if others are played while the gateway settles after a test."""
    return test.scenario.settles and not test.is_divided
