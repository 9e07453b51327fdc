"""A laboratory: every operation that pages and API offer, on one data folder.

Each operation takes the account that asks for it, and raises ``refusals`` if that may not do it, or not now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...client.reach import VARIABLE, Reach
from ..certificate import keys
from .accounts import Accounts
from .examinations import Examinations
from .execution import Jobs
from .gateways import Gateways
from .operations import CommandSlots
from .places import Places
from .queue import Queue
from .runs import Reports, Runs
from .store import Gateway, Store
from .vault import Vault

WORKERS = 2
"""Runs at a time on this machine."""


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
    allow: tuple[str, ...] | None = None
    """Hosts and networks to which runs may connect besides public ones; None if they may connect anywhere."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The operations, by what they are about."""

    gateways: Gateways
    runs: Runs
    reports: Reports
    examinations: Examinations


@contextlib.contextmanager
def opened(settings: Settings, accounts: Accounts | None = None) -> Iterator[Laboratory]:
    """Opens a data folder and plays what is queued in it, while used as a context.

    Raises UsageError for a folder that cannot be used or belongs to another laboratory, and for a bad key.
    """
    places = Places(settings.data.absolute())
    public_key = b"" if settings.key is None else keys.pem(keys.signer(settings.key).public_key())
    with contextlib.ExitStack() as stack:
        stack.enter_context(places.held())
        store = stack.enter_context(contextlib.closing(Store(places.database)))
        vault = Vault(places.data / "secrets.key", {one.id: one.declarations for one in store.all(Gateway)})
        reach = None if settings.allow is None else Reach.of(settings.allow)
        jobs = Jobs(store, places, vault, settings.limit, {} if reach is None else {VARIABLE: str(reach)})
        play, workers = jobs.play, WORKERS
        if settings.scheduler is not None:
            from .remote import Cluster

            cluster = stack.enter_context(contextlib.closing(Cluster(settings.scheduler, jobs)))
            play, workers = cluster.play, cluster.threads
        queue = Queue(store, places, play, settings.workers or workers, accounts.present if accounts else dict)
        stack.enter_context(contextlib.closing(queue))
        queue.start()
        parts = (store, places, vault, jobs, queue, CommandSlots(places), reach, settings.key, public_key)
        yield Laboratory(Gateways(*parts), Runs(*parts), Reports(*parts), Examinations(*parts))
