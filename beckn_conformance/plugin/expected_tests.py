"""The tests that a whole run consists of, told from catalogue, suite and configuration alone."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from .. import plugin
from ..errors import KitError
from ..record.run import Run
from ..run.session import Session
from .campaign import Campaign, may_do_harm, node_id, requirements_of
from .isolation import OPTIONS, SUITE, load_plugin


class _Collector:
    """Collects the suite under a configuration that is known already; nothing is sent."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.items: list[pytest.Function] = []
        self.campaign: Campaign | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        session = Session(self._run.specification, self._run.config, self._run.seed, examples=self._run.examples)
        self.campaign = config.stash[plugin.CAMPAIGN] = Campaign(session, None, config)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        functions = [item for item in session.items if isinstance(item, pytest.Function)]
        self.items = [item for item in functions if hasattr(item.obj, "play")]


@dataclass(frozen=True, slots=True)
class Due:
    """What is due of a test."""

    requirements: Sequence[str]
    """The requirements that it exercises."""
    scenarios: int
    """How many scenarios it has, or examples where it is a property."""
    hostile: bool = False
    """Whether it sends what is judged more softly than a message."""


def census(run: Run) -> dict[str, Due]:
    """What is due of each test, by the id under which it is known; raises KitError where nothing is found."""
    collector = _Collector(run)
    options = [*OPTIONS, *load_plugin(), "--collect-only", "-qq", "-p", "no:xdist", str(SUITE)]
    options += ["--fuzz-examples", str(max(run.examples, 1))]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        status = pytest.main(options, [collector])
    if status != pytest.ExitCode.OK or not collector.items:
        raise KitError(f"the suite cannot be collected: {said.getvalue().strip()[-300:] or status}")
    assert collector.campaign is not None
    scenarios = collector.campaign.scenarios
    return {node_id(item): Due(requirements_of(item), scenarios(item), may_do_harm(item)) for item in collector.items}
