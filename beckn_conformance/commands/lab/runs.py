"""Operations on runs, each with its permission check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import access
from .accounts import Account
from .places import Places
from .queue import Queue
from .refusals import NO_GATEWAY, Conflict, Invalid, NotFound, Unavailable
from .store import UNDER_WAY, Gateway, Run, Store, new_id

LARGEST_SHARE = 20 << 30
"""Bytes that the reports of a vendor may take."""
MOST_UNDER_WAY = 20
"""Runs of a vendor that are queued or running."""
DEEPEST = 2500
"""Examples of each property."""
LARGEST_SEED = 2**31 - 1

Hindrance = Callable[[str], str]
"""Says why the laboratory may not connect to a URL; empty if it may."""


def need_disk(places: Places) -> None:
    """Raises Unavailable if the disk is full."""
    if places.full:
        raise Unavailable("the disk of the laboratory is full")


def need_room(account: Account, owner: str, store: Store, places: Places) -> None:
    """Raises Unavailable if the disk is full, and Conflict for a vendor whose reports take more than their share."""
    need_disk(places)
    if not account.officer and places.taken(run.id for run in store.all(Run, owner=owner)) > LARGEST_SHARE:
        raise Conflict(f"the reports of {owner} take more than {LARGEST_SHARE >> 30} GB; remove some runs first")


class Runs:
    """The runs of the laboratory. Vendors have their own, and officers may use all."""

    def __init__(self, store: Store, places: Places, queue: Queue, hindrance: Hindrance) -> None:
        self._store = store
        self._places = places
        self._queue = queue
        self._hindrance = hindrance

    def list(self, account: Account, gateway: str = "", limit: int = 200) -> list[Run]:
        """Lists the runs that an account may see, newest first: all, or those of a gateway."""
        return self._store.all(Run, limit, **access.own(account), **({"gateway": gateway} if gateway else {}))

    def get(self, account: Account, id_: str) -> Run:
        """Returns a run. Raises NotFound, also for another vendor's."""
        return access.run(self._store, account, id_)

    def start(self, account: Account, gateway: str, *, strict: bool, depth: int, seed: int | None) -> Run:
        """Queues a run of a gateway. Raises Invalid for a field, and for a URL that may not be connected to."""
        found = access.gateway(self._store, account, gateway)
        errors = {}
        if not 1 <= depth <= DEEPEST:
            errors["depth"] = f"1 to {DEEPEST} examples of each property"
        if seed is not None and not 0 <= seed <= LARGEST_SEED:
            errors["seed"] = f"a number from 0 to {LARGEST_SEED}"
        if why := self._hindrance(found.url):
            errors["url"] = why
        if errors:
            raise Invalid(errors)
        need_room(account, found.owner, self._store, self._places)
        # The owner of a run is that of its gateway, whoever starts it.
        run = Run(new_id(), found.id, found.owner, found.url, strict=strict, depth=depth, seed=seed)
        with self._store.lock:
            # Looking up a name can take long.
            if (now := self._store.get(Gateway, gateway)) != found:
                changed = Conflict("the gateway was changed just now; start the run again")
                raise NotFound(NO_GATEWAY) if now is None else changed
            waiting = self._store.all(Run, MOST_UNDER_WAY, owner=found.owner, state=UNDER_WAY)
            if len(waiting) >= MOST_UNDER_WAY and not account.officer:
                raise Conflict(f"{found.owner} has {MOST_UNDER_WAY} runs under way already; wait for one, or cancel it")
            self._store.add(run)
        self._queue.wake()
        return run

    def cancel(self, account: Account, id_: str) -> Run:
        """Cancels a run. One that is running still writes a report on what was judged. Raises Conflict if it ended."""
        run = self.get(account, id_)
        if not self._queue.cancel(run):
            raise Conflict("the run has ended already")
        return self.get(account, id_)

    def cancel_all(self, owner: str) -> None:
        """Cancels what an owner who was removed has under way."""
        for run in self._store.all(Run, owner=owner, state=UNDER_WAY):
            self._queue.cancel(run)

    def remove(self, account: Account, id_: str) -> None:
        """Removes a run that has ended, with its report."""
        run = self.get(account, id_)
        if run.under_way:
            raise Conflict("the run is under way; cancel it first")
        # The row goes last, so that a removal that was interrupted can be repeated.
        self._places.remove(run.id)
        self._store.remove(run)

    def place(self, account: Account, id_: str) -> int:
        """Returns how many queued runs are older than one that is queued."""
        return self._store.older(self.get(account, id_))

    def folder(self, account: Account, id_: str) -> Path:
        """Returns the report folder of a run. It may not exist, or hold no report yet."""
        return self._places.report(self.get(account, id_).id)

    def progress(self, account: Account, id_: str) -> Path:
        """Returns the file of JSON lines to which a run adds how far it is. It may not exist."""
        return self._places.progress(self.get(account, id_).id)
