"""Distributes the tests of a run to worker processes (pytest-xdist), once, before any test runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from .items import may_do_harm


def groups(node_ids: Iterable[str], processes: int) -> dict[str, str]:
    """The group of each test; one process runs one group.

    So every process knows its own tests, and which scenarios to play ahead. The cases of one scenario are shared
    evenly, but for hostile input. That is sent one kind after another, so each process gets kinds of its own.
    """
    tests = [*node_ids]
    hostile = [test for test in tests if may_do_harm(test)]
    others = sorted((test for test in tests if not may_do_harm(test)), key=lambda test: test.partition("[")[0])
    return {
        **{test: str(place % processes) for place, test in enumerate(others)},
        **{test: str(place * processes // len(hostile)) for place, test in enumerate(hostile)},
    }


def scheduler(config: Any, log: Any) -> Any:
    """A scheduler of pytest-xdist that gives each process one group."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
        @cached_property
        def _groups(self) -> dict[str, str]:
            return groups(self.collection or (), self.numnodes)

        def _split_scope(self, nodeid: str) -> str:
            return self._groups[nodeid]

    return GroupScheduling(config, log)
