"""Operations on runs."""

from __future__ import annotations

import threading
from pathlib import Path

from ...run import embedded
from .accounts import Account
from .operations import Operations
from .refusals import Conflict, Invalid
from .store import UNDER_WAY, Gateway, Run, new_id

MOST_UNDER_WAY = 20
"""Runs of a vendor that are queued or running."""
DEEPEST = 2500
"""Examples of each property."""
LARGEST_SEED = 2**31 - 1
LOOKUPS = 8
"""Host names that are looked up at a time before runs are queued."""
_lookups = threading.BoundedSemaphore(LOOKUPS)


class Runs(Operations):
    """Starts, cancels and removes runs."""

    def list(self, account: Account, gateway: str = "", limit: int = 200) -> list[Run]:
        """Lists the runs that an account may see, newest first: all, or those of a gateway."""
        return self.store.all(Run, limit, **self.own(account), **({"gateway": gateway} if gateway else {}))

    def get(self, account: Account, id_: str) -> Run:
        """Returns a run."""
        return self.seen(Run, account, id_)

    def start(self, account: Account, gateway: str, *, strict: bool, depth: int, seed: int | None) -> Run:
        """Queues a run of a gateway. Raises Invalid for a field, and for a URL that may not be connected to."""
        found = self.seen(Gateway, account, gateway)
        errors = {}
        if not 1 <= depth <= DEEPEST:
            errors["depth"] = f"1 to {DEEPEST} examples of each property"
        if seed is not None and not 0 <= seed <= LARGEST_SEED:
            errors["seed"] = f"a number from 0 to {LARGEST_SEED}"
        if why := self._hindrance(found.url):
            errors["url"] = why
        if errors:
            raise Invalid(errors)
        self.need_room(account, found.owner)
        # The owner of a run is that of its gateway, whoever starts it.
        run = Run(new_id(), found.id, found.owner, found.url, strict=strict, depth=depth, seed=seed)
        with self.store.lock:
            # Looking up a name can take long.
            if self.seen(Gateway, account, gateway) != found:
                raise Conflict("the gateway was changed just now; start the run again")
            waiting = self.store.all(Run, MOST_UNDER_WAY, owner=found.owner, state=UNDER_WAY)
            if len(waiting) >= MOST_UNDER_WAY and not account.officer:
                raise Conflict(f"{found.owner} has {MOST_UNDER_WAY} runs under way already; wait for one, or cancel it")
            self.store.add(run)
        self.queue.wake()
        return run

    def cancel(self, account: Account, id_: str) -> Run:
        """Cancels a run. One that is running still writes a report on what was judged. Raises Conflict if it ended."""
        if not self.queue.cancel(self.get(account, id_)):
            raise Conflict("the run has ended already")
        return self.get(account, id_)

    def remove(self, account: Account, id_: str) -> None:
        """Removes a run that has ended, with its report."""
        run = self.get(account, id_)
        if run.under_way:
            raise Conflict("the run is under way; cancel it first")
        # The row goes last, so that a removal that was interrupted can be repeated.
        self.places.remove(run.id)
        self.store.remove(run)

    def place(self, account: Account, id_: str) -> int:
        """Returns how many queued runs are older than one that is queued."""
        run = self.get(account, id_)
        queued = self.store.all(Run, state="queued")
        return len(queued) - queued.index(run) - 1 if run in queued else 0

    def folder(self, account: Account, id_: str) -> Path:
        """Returns the report folder of a run. It may not exist, or hold no report yet."""
        return self.places.report(self.get(account, id_).id)

    def progress(self, account: Account, id_: str) -> Path:
        """Returns the file of JSON lines to which a run adds how far it is. It may not exist."""
        return self.places.progress(self.get(account, id_).id)

    def _hindrance(self, url: str) -> str:
        """Says why runs may not connect to a URL; empty if they may."""
        # Looking up a name can take long. If too many do, it is left to the run.
        if self.reach is None or embedded.wanted(url) or not _lookups.acquire(blocking=False):
            return ""
        try:
            return self.reach.refusal(url)
        finally:
            _lookups.release()
