"""Collects the tests of the suite with pytest, in this process and without sending anything."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from ..errors import KitError
from ..record.run import Run
from ..run.session import Session
from ..suite.specification import choose
from .isolation import OPTIONS, PLUGIN, SUITE
from .items import ScenarioTest, may_do_harm
from .selection import Selection

ALONE = ("--disable-plugin-autoload", "-p", PLUGIN)
"""Loads the kit's own plugin and none that happens to be installed: importing them takes longer than a collection."""
UNUSED = ("-p", "no:xdist", "-p", "no:unraisableexception", "-p", "no:threadexception")
"""Plugins that a collection does not need; two of them search all memory for garbage at the end."""


class _Collector:
    """A plugin that keeps the collected tests."""

    tests: Sequence[ScenarioTest] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = [*filter(None, map(ScenarioTest.of, session.items))]


class _Selecting:
    """A plugin that selects the tests of one run."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        self._selection.divide(metafunc)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        self._selection.collected(items)
        yield
        self._selection.selected(items)


def collect(selection: Selection | None = None) -> Sequence[ScenarioTest]:
    """Collects the tests of a selection, or the whole suite with no property divided. Raises KitError for none."""
    collector = _Collector()
    plugins = [collector, *([_Selecting(selection)] if selection is not None else [])]
    options = [*OPTIONS, *ALONE, "--collect-only", "-qq", *UNUSED, str(SUITE)]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        status = pytest.main(options, plugins)
    if status != pytest.ExitCode.OK or not collector.tests:
        raise KitError(f"the suite cannot be collected: {printed.getvalue().strip()[-300:] or status}")
    return collector.tests


@dataclass(frozen=True, slots=True)
class ExpectedTest:
    """The share of a test that a complete run must have."""

    requirements: Sequence[str]
    """The requirements that it exercises."""
    scenarios: int
    """The number of its scenarios, or of examples if it is a property."""
    hostile: bool = False
    """True if it may send hostile input, which fewer checks judge."""


def expected_tests(run: Run) -> dict[str, ExpectedTest]:
    """The tests of a complete run by node id, worked out from catalogue, suite and configuration alone."""
    choose(run.specification)
    session = Session(run.specification, run.config, run.seed, examples=run.examples)
    return {
        test.node_id: ExpectedTest(test.requirements, test.plays(run.examples), may_do_harm(test.name))
        for test in collect(Selection(session))
    }
