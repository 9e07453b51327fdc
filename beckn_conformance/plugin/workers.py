"""Hand-over between worker processes (pytest-xdist) and the controller, through files in the report folder.

A crashed worker loses its ``workeroutput``, so only secrets go that way; they are written to no disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ..record.journal import COURSE, EXCHANGES, WORKER, file_of
from ..run.session import Session
from ..untrusted.reading import opened
from ..untrusted.writing import appended, replaced
from .distribution import scheduler

INTERVAL = 1.0
"""Seconds between two times that a worker process writes down its state."""
SEED = "conformance_seed"
"""Key of the seed in ``workerinput``."""
SECRETS = "conformance_secrets"
"""Key of a worker's secrets in ``workeroutput``."""


def worker_of(config: pytest.Config) -> dict[str, Any] | None:
    """What the controller gave to this process; None where it is no worker process."""
    return getattr(config, "workerinput", None)


class Worker:
    """The side of a worker process: hands over what its session has come to."""

    def __init__(self, session: Session, name: str) -> None:
        assert session.folder is not None
        self._session = session
        self._path = _path(session.folder, name)
        self._written = time.monotonic()

    def hand_over(self, available: int, *, fault: str = "", complete: bool = False) -> None:
        """Writes the state of the session in one step, now and then; should the process die, this much is kept."""
        if not complete and time.monotonic() < self._written + INTERVAL:
            return
        self._written = time.monotonic()
        run = self._session.run
        state = {
            "tally": self._session.tally.to_json(),
            "registrations": run.registrations,
            "notes": run.notes,
            "unreachable": run.unreachable,
            "binding": run.binding,
            "exchanges": self._session.exchanges,
            "available": available,
            "fault": fault,
            "complete": complete,
        }
        with replaced(self._path) as file:
            file.write(json.dumps(self._session.masker.value(state)))

    def end(self, config: pytest.Config) -> None:
        """Hands over the secrets: a gateway may have told this process one that the others do not know."""
        config.workeroutput[SECRETS] = json.dumps(self._session.masker.secrets)  # type: ignore[attr-defined]


class Controller:
    """The side of the controller: merges the state of each worker into its own session."""

    def __init__(self, session: Session, config: pytest.Config) -> None:
        self._session = session
        self._config = config
        self.lost = 0
        """Workers that ended before their time; what they had not handed over is lost."""
        self.available = 0
        """Tests that apply to the gateway, as the workers have collected them."""
        self.exchanges = 0
        """Exchanges that workers made."""
        self.fault = ""
        """Why workers could not do their part; empty where they did."""

    def equip(self, node: Any) -> None:
        """Gives a worker what all processes of a run share."""
        node.workerinput[SEED] = self._session.run.seed

    def scheduler(self, log: Any) -> Any:
        """The scheduler of pytest-xdist that gives each worker its tests."""
        return scheduler(self._config, log)

    def worker_ended(self, worker: str, output: Mapping[str, Any]) -> None:
        """Merges what a worker has handed over."""
        assert self._session.folder is not None
        self._session.masker.add(*json.loads(output.get(SECRETS, "[]")))
        state = _take(self._session.folder, worker)
        if state is None or not state["complete"]:
            self.lost += 1
            self.fault = self.fault or f"worker process {worker} ended before its time"
        if state is None:
            return
        run = self._session.run
        self._session.tally.merge(state["tally"])
        run.registrations += state["registrations"]
        run.notes += [note for note in state["notes"] if note not in run.notes]
        run.unreachable = run.unreachable or state["unreachable"]
        run.binding = run.binding or state["binding"]
        self.exchanges += state["exchanges"]
        self.available = max(self.available, state["available"])
        self.fault = self.fault or state["fault"]

    def interrupted(self) -> None:
        """Merges what is left of workers that were interrupted, which is no fault of theirs."""
        assert self._session.folder is not None
        for worker in sorted({worker for _, worker in _files(self._session.folder)}):
            self.worker_ended(worker, {})
        self.fault = ""


def clear(folder: Path) -> None:
    """Removes the files of workers of an earlier run that was killed."""
    for name, _ in _files(folder):
        (folder / name).unlink(missing_ok=True)


def _path(folder: Path, worker: str) -> Path:
    return folder / f".worker-{worker}.json"


def _files(folder: Path) -> list[tuple[str, str]]:
    """The files of workers in a folder by name, each with its worker."""
    names = "|".join((file_of(EXCHANGES, WORKER), file_of(COURSE, WORKER), _path(Path(), WORKER).name))
    matching = [name for name in os.listdir(folder) if re.fullmatch(names, name)]
    return [(name, found[0]) for name in matching if (found := re.search(WORKER, name)) is not None]


def _take(folder: Path, worker: str) -> Mapping[str, Any] | None:
    """Reads the state of a worker, and appends its record to that of the run; None where it left no state."""
    for kind in (EXCHANGES, COURSE):
        own = folder / file_of(kind, worker)
        if own.is_file():
            with appended(folder / file_of(kind)) as whole, opened(own, below=folder) as part:
                shutil.copyfileobj(part, whole.buffer)
            own.unlink()
    path = _path(folder, worker)
    try:
        state: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    path.unlink()
    return state
