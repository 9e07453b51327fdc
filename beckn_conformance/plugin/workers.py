"""Shares a run between worker processes (pytest-xdist). Each worker records and judges what it does.

It hands over its share of the verdict in memory, with what no record holds: secrets, which are written to no disk, and
a few facts. Of a worker that was lost, the controller judges what is on record.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..record.journal import COURSE, EXCHANGES, file_of, workers

if TYPE_CHECKING:
    # They are imported while the embedded gateway starts.
    from ..run.assessment import Share
    from ..run.session import Session

SEED, MASK_KEY = "conformance_seed", "conformance_mask_key"
"""Keys of what all processes share in ``workerinput``."""
OUTPUT = "conformance"
"""Key of what a worker hands over in ``workeroutput``."""


def worker_of(config: pytest.Config) -> dict[str, Any] | None:
    """Returns what the controller gave to this process; None if it is not a worker."""
    return getattr(config, "workerinput", None)


def hand_over(config: pytest.Config, session: Session, available: int, fault: str) -> None:
    """Hands over the share of a worker, and what its record does not hold, such as secrets that the gateway gave it."""
    output = {
        "share": session.assessment.share,
        "secrets": session.masker.secrets,
        "stand_ins": session.masker.stand_ins,
        "available": available,
        "fault": fault,
    }
    config.workeroutput[OUTPUT] = pickle.dumps(output)  # type: ignore[attr-defined]


class Controller:
    """Takes over what the workers have recorded."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.available = 0
        """Tests that apply to the gateway, as the workers have collected them."""
        self.lost: list[str] = []
        """Workers that ended early. What they had not recorded is lost."""
        self.shares: dict[str, Share] = {}
        """By worker, its share of the run."""
        self._fault = ""

    def equip(self, node: Any) -> None:
        """Gives a worker what all processes of a run share."""
        node.workerinput[SEED] = self._session.run.seed
        node.workerinput[MASK_KEY] = self._session.mask_key

    def worker_ended(self, worker: str, output: Mapping[str, Any]) -> None:
        """Notes what a worker hands over, or that it does not."""
        if OUTPUT not in output:
            self.lost.append(worker)
            return
        # It comes from a process of this run, through the pipe to it.
        given = pickle.loads(output[OUTPUT])
        self.shares[worker] = given["share"]
        self._session.masker.add(*given["secrets"])
        self._session.masker.stand_ins |= given["stand_ins"]
        self.available = max(self.available, given["available"])
        self._fault = self._fault or given["fault"]

    @property
    def fault(self) -> str:
        """Why workers could not do their part; empty if they did."""
        return self._fault or (f"worker process {self.lost[0]} ended before its time" if self.lost else "")


def clear(folder: Path) -> None:
    """Removes the files of workers of an earlier run that was killed."""
    for worker in workers(folder):
        for kind in (EXCHANGES, COURSE):
            (folder / file_of(kind, worker)).unlink(missing_ok=True)
