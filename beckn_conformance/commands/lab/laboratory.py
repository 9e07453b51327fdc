"""A laboratory: every operation that pages and API offer, on one data folder.

Each operation takes the account that asks for it, and raises ``refusals`` if that may not do it, or not now.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...client.reach import VARIABLE, Reach
from ...errors import UsageError
from ...run import embedded
from ...specification.loading import load
from . import declarations
from .examinations import Examinations
from .execution import Executor, Here, Jobs
from .gateways import Gateways
from .places import Places
from .queue import Queue
from .refusals import Conflict, NotFound
from .reports import Reports
from .runs import Hindrance, Runs
from .store import Gateway, Run, Store
from .turns import Turns
from .vault import Vault

WORKERS = 2
"""Runs at a time on this machine."""
LOOKUPS = 8
"""Host names that are looked up at a time before runs are queued."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a laboratory was started."""

    data: Path
    workers: int | None = None
    """Runs at a time; None for the default."""
    scheduler: str | None = None
    """Address of the scheduler whose workers play the runs; None plays them here."""
    limit: float = 600.0
    """Seconds that a run may take."""
    key: Path | None = None
    """Private key of certificates."""
    guarded: bool = False
    """True if runs connect to public addresses only, and to what is allowed."""
    allow: tuple[str, ...] = ()
    """Hosts and networks to which runs may connect besides."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The operations, by what they are about."""

    gateways: Gateways
    runs: Runs
    reports: Reports
    examinations: Examinations


@contextlib.contextmanager
def _executor(settings: Settings, jobs: Jobs, places: Places) -> Iterator[tuple[Executor, int]]:
    """Yields what plays runs, and how many at a time."""
    if settings.scheduler is None:
        yield Here(jobs, places), WORKERS
        return
    from .remote import Cluster

    with contextlib.closing(Cluster(settings.scheduler, jobs, places)) as cluster:
        yield cluster, cluster.threads


def _hindrance(reach: Reach | None) -> Hindrance:
    """Says before a run is queued that its URL may not be connected to."""
    lookups = threading.BoundedSemaphore(LOOKUPS)

    def hindrance(url: str) -> str:
        # Looking up a name can take long. If too many do, it is left to the run.
        if reach is None or embedded.wanted(url) or not lookups.acquire(blocking=False):
            return ""
        try:
            return reach.refusal(url)
        finally:
            lookups.release()

    return hindrance


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Laboratory]:
    """Opens a data folder and plays what is queued in it, while used as a context.

    Raises UsageError for a folder that cannot be used or belongs to another laboratory, and for a bad key.
    """
    places = Places(settings.data.absolute())
    with contextlib.ExitStack() as stack:
        stack.enter_context(places.held())
        store = stack.enter_context(contextlib.closing(Store(places.database)))
        vault = Vault(places.data / "secrets.key")

        def declared(run: Run) -> tuple[Mapping[str, Any], Mapping[str, str]]:
            gateway = store.get(Gateway, run.gateway)
            if gateway is None:
                raise NotFound("its gateway was removed")
            try:
                config, files = declarations.of_run(vault.open(gateway.declarations, gateway.id))
            except UsageError as error:
                raise Conflict(str(error)) from error
            return {**config, "gateway": {"name": gateway.name, **config.get("gateway", {})}}, files

        reach = Reach.of(settings.allow) if settings.guarded else None
        jobs = Jobs(declared, settings.limit, {} if reach is None else {VARIABLE: str(reach)})
        executor, workers = stack.enter_context(_executor(settings, jobs, places))
        queue = Queue(store, places, executor, settings.workers or workers)
        runs = Runs(store, places, queue, _hindrance(reach))
        turns = Turns()
        reports = Reports(store, places, queue, turns, runs, jobs, settings.key)
        stack.enter_context(contextlib.closing(queue))
        queue.start()
        examinations = Examinations(store, places, turns, jobs, settings.key)
        yield Laboratory(Gateways(store, places, load(), vault), runs, reports, examinations)
