"""A test that pytest has collected, with the scenario that it plays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ..run.examples import Examples
from ..run.properties import examples_of_part
from ..run.scenario import Play, Scenario, scenario_of
from ..run.session import Session

FILES = (
    *("test_signup", "test_get", "test_info_update", "test_documents_add", "test_others", "test_concurrency"),
    *("test_fuzz", "test_schemathesis", "test_header", "test_transport", "test_lifecycle", "test_network"),
    "test_robustness",
)
"""The files of the suite in the order of a run. Tests made for one requirement come first, since their findings say
most. Those of many calls do not come late, or all would wait for them. Hostile input comes last, since a gateway may
not survive it."""
PART = "example"
"""The parameter that says which part of a long property a test is, and of how many."""


@dataclass(frozen=True, eq=False)
class ScenarioTest:
    """A test of pytest and its scenario.

    It stands beside the item of pytest. A subclass of ``pytest.Function`` cannot be made for tests with parameters by
    public means, and one that ran itself would pass by the plugins that time or repeat the calls of tests.
    """

    item: pytest.Function
    scenario: Scenario

    @classmethod
    def of(cls, item: pytest.Item) -> ScenarioTest | None:
        """The test of an item; None if it plays no scenario."""
        scenario = scenario_of(item.obj) if isinstance(item, pytest.Function) else None
        return cls(item, scenario) if isinstance(item, pytest.Function) and scenario is not None else None

    @property
    def name(self) -> str:
        """The name of the test within this run."""
        return self.item.nodeid

    @property
    def node_id(self) -> str:
        """A node id that can be pasted after --pyargs, from any folder."""
        return f"beckn_conformance.suite.{self.item.path.stem}::{self.name.partition('::')[2]}"

    @property
    def scenario_name(self) -> str:
        """The name of the scenario in the suite, without parameters."""
        return f"{self.item.path.stem}::{self.item.originalname}"

    @cached_property
    def requirements(self) -> tuple[str, ...]:
        """The requirements that the test is there to exercise."""
        names: dict[str, None] = {}
        for mark in self.item.iter_markers("conformance"):
            names.update(dict.fromkeys(mark.args))
        return tuple(names)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the test, including those that other plugins add."""
        return self.item.callspec.params if hasattr(self.item, "callspec") else {}

    @property
    def is_property(self) -> bool:
        """True if the scenario is played for many examples."""
        return self.scenario.examples is not None

    @property
    def is_divided(self) -> bool:
        """True if the test is one part of a long property."""
        return isinstance(self.parameters.get(PART), tuple)

    @property
    def part(self) -> tuple[int, int]:
        """Which part of a property the test is, from 0, and of how many."""
        part, parts = self.parameters.get(PART, (0, 1))
        return part, parts

    @property
    def play(self) -> Play:
        """The coroutine function of the scenario, with the parameters that it takes."""
        given = {name: value for name, value in self.parameters.items() if name in _taken(self.scenario.play)}
        return functools.partial(self.scenario.play, **given)

    def plays(self, most: int) -> int:
        """Returns how often the scenario is played if --fuzz-examples is ``most``."""
        return examples_of_part(self.scenario.count(most), *self.part) if self.is_property else 1

    def examples(self, session: Session) -> Examples:
        """The examples of a property, the same for all its parts."""
        assert self.scenario.examples is not None
        make = functools.partial(self.scenario.examples, session.config)
        return Examples(make, session.run.seed, self.scenario_name)


@functools.lru_cache
def _taken(play: Play) -> frozenset[str]:
    """The names of the parameters of a scenario."""
    return frozenset(inspect.signature(play).parameters)


def place(path: Path) -> int:
    """The place of a file of tests in a run. Files of other folders come last."""
    return FILES.index(path.stem) if path.stem in FILES else len(FILES)


def may_do_harm(node_id: str) -> bool:
    """True if a gateway may not survive the test, so that it comes after all others."""
    return Path(node_id.partition("::")[0]).stem == FILES[-1]
