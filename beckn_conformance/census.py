"""The tests that a whole run consists of, told from catalogue, suite and configuration alone."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import pytest

from . import plugin
from .campaign import Campaign, node_id, requirements_of
from .errors import KitError
from .isolation import OPTIONS, SUITE, load_plugin
from .run import Run
from .session import Session


class _Collector:
    """Collects the suite under a configuration that is known already; nothing is sent."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.items: list[pytest.Item] = []

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        session = Session(self._run.specification, self._run.config, self._run.seed, examples=self._run.examples)
        config.stash[plugin.CAMPAIGN] = Campaign(session, None, config)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if hasattr(getattr(item, "obj", None), "play")]


def census(run: Run) -> dict[str, Sequence[str]]:
    """By the id under which a test is known, the requirements it exercises; raises KitError where nothing is found."""
    collector = _Collector(run)
    options = [*OPTIONS, *load_plugin(), "--collect-only", "-qq", "-p", "no:xdist", str(SUITE)]
    options += ["--fuzz-examples", str(max(run.examples, 1))]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        status = pytest.main(options, [collector])
    if status != pytest.ExitCode.OK or not collector.items:
        raise KitError(f"the suite cannot be collected: {said.getvalue().strip()[-300:] or status}")
    return {node_id(item): requirements_of(item) for item in collector.items}
