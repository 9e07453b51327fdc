"""Distributes the tests of a run to worker processes (pytest-xdist), once, before any test runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any


def groups(node_ids: Iterable[str], processes: int) -> dict[str, str]:
    """The group of each test; one process runs one group.

    So every process knows its own tests, and which scenarios to play ahead.
    """
    return {node_id: str(place % processes) for place, node_id in enumerate(node_ids)}


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
