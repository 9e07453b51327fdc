"""Selects and orders the tests of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..judging.checks.refusals import refusal
from ..judging.obligations import obligations
from ..messages.faults import FaultCase
from ..run.properties import chunks
from ..run.scenario import scenario_of
from ..run.session import Session
from .isolation import SUITE
from .items import PART, ScenarioTest, may_do_harm, place

MOST_PARTS = 16
"""Tests into which one property is divided at most."""


class Selection:
    """The tests of one run: those that apply to the gateway and were asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._obligations = obligations(session.specification, session.config)
        self.available = 0
        """Tests that apply to the gateway, before any were deselected."""
        self.tests: list[ScenarioTest] = []
        """Tests that will run, in this process or another."""

    @staticmethod
    def plays(item: pytest.Item) -> bool:
        """True if a test plays a scenario."""
        return ScenarioTest.of(item) is not None

    def divide(self, metafunc: pytest.Metafunc) -> None:
        """Divides a long property into several tests, so that worker processes can share it."""
        scenario = scenario_of(metafunc.function)
        if scenario is not None and scenario.examples is not None:
            parts = min(chunks(scenario.count(self._session.run.examples)), MOST_PARTS)
            if parts > 1:
                names = [f"{n}_of_{parts}" for n in range(1, parts + 1)]
                metafunc.parametrize(PART, [(n, parts) for n in range(parts)], ids=names)

    def collected(self, items: list[pytest.Item]) -> None:
        """Before -k and -m: leaves out what does not apply, makes keywords of requirements, and puts all in order.

        A property exercises many requirements with hundreds of requests. It goes by a requirement's name only if no
        test was made for that requirement.
        """
        idle = [item for item in items if not self._applies(ScenarioTest.of(item))]
        items[:] = sorted((item for item in items if item not in idle), key=_rank)
        if idle:
            idle[0].config.hook.pytest_deselected(items=idle)
        tests = [*filter(None, map(ScenarioTest.of, items))]
        self.available = len(tests)
        made_for = {name for test in tests if not test.is_property for name in test.requirements}
        for test in tests:
            names = {*test.requirements} - made_for if test.is_property else test.requirements
            test.item.extra_keyword_matches.update(names)

    def selected(self, items: list[pytest.Item]) -> None:
        """After -k and -m: takes the tests that are left."""
        # Another plugin may have reordered them, at random for example.
        items.sort(key=lambda item: may_do_harm(item.nodeid))
        self.tests = [*filter(None, map(ScenarioTest.of, items))]

    def _applies(self, test: ScenarioTest | None) -> bool:
        """True if a test applies to a gateway with this configuration."""
        if test is None:
            return True
        requirements = self._session.specification.requirements
        needs = {requirements[name].needs for name in test.requirements if name in requirements}
        if "verification" in needs and not (test.is_property or self._session.run.can_verify):
            return False
        if "peers" in needs and not self._session.config.peers:
            return False
        if "hostile" in needs and self._session.config.hostile == "none":
            return False
        fault = test.parameters.get("fault")
        return not isinstance(fault, FaultCase) or refusal(fault.action, fault) in self._obligations[fault.requirement]


def names_tests(config: pytest.Config) -> bool:
    """True if the command line names tests other than the whole suite."""
    return config.args_source == pytest.Config.ArgsSource.ARGS and not all(
        Path(arg.split("::")[0]).resolve() == SUITE or arg == "beckn_conformance.suite" for arg in config.args
    )


def _rank(item: pytest.Item) -> tuple[bool, bool, int, int]:
    # Scenarios that wait for the gateway to settle begin first and are judged last. The others fill the time. The parts
    # of divided properties take turns, so that those of others fill it, too.
    test = ScenarioTest.of(item)
    settles = test is not None and test.scenario.settles and not (test.is_divided or test.scenario.instructs)
    part = test.part[0] + test.is_divided if test is not None else 0
    return may_do_harm(item.nodeid), settles, part, place(item.path)
