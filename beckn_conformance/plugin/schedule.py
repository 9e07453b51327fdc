"""How the tests of a run are shared out among processes: once, before any is run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any


def shares(node_ids: Iterable[str], processes: int) -> dict[str, str]:
    """The share of each test. Every process can tell which tests go together, and so what to set playing ahead."""
    return {node_id: str(place % processes) for place, node_id in enumerate(node_ids)}


def scheduler(config: Any, log: Any) -> Any:
    """A scheduler of pytest-xdist that gives each process one share."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ShareScheduling(LoadScopeScheduling):  # type: ignore[misc]
        @cached_property
        def _shares(self) -> dict[str, str]:
            return shares(self.collection or (), self.numnodes)

        def _split_scope(self, nodeid: str) -> str:
            return self._shares[nodeid]

    return ShareScheduling(config, log)
