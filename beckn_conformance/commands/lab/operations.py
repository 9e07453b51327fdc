"""The parts of a laboratory that all operations share, and the rules of who may see what."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...client.reach import Reach
from ...errors import KitError
from ...report import files
from .accounts import Account
from .execution import Jobs
from .places import Places
from .queue import Queue
from .refusals import Conflict, NotFound, Unavailable
from .store import Row, Run, Store
from .vault import Vault

AT_ONCE = 4
"""Accounts for which a command runs at the same time: each holds a process and a thread."""
LARGEST_SHARE = 20 << 30
"""Bytes that the reports of a vendor may take."""


class CommandSlots:
    """Lets each account run one command at a time, and all a few, so that none is kept from the others."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    @contextlib.contextmanager
    def taken(self, account: Account) -> Iterator[Path]:
        """Takes the slot of an account, with a private folder. Raises Conflict if it, or too many others, have one."""
        with self._lock:
            if account.name in self._busy:
                raise Conflict("the laboratory still does something else for you; try again when that is done")
            if len(self._busy) >= AT_ONCE:
                raise Conflict("the laboratory does too much else just now; try again in a minute")
            self._busy.add(account.name)
        try:
            with self._places.temporary() as private:
                yield private
        finally:
            with self._lock:
                self._busy.remove(account.name)


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations that each check who asks. Vendors have what is their own, and officers may use all."""

    store: Store
    places: Places
    vault: Vault
    jobs: Jobs
    queue: Queue
    slots: CommandSlots
    reach: Reach | None
    """Says where runs may connect to; None if anywhere."""
    key: Path | None
    """Private key of certificates."""
    public_key: bytes
    """The public one in PEM form; empty without a key."""

    def visible(self, kind: type[Row], account: Account, id_: str) -> Row:
        """Returns a gateway or run. Raises NotFound, also for another vendor's."""
        row = self.store.get(kind, id_)
        if row is None or not (account.officer or row.owner == account.name):
            raise NotFound(f"there is no such {kind.__name__.lower()}")
        return row

    def visible_to(self, account: Account) -> Mapping[str, str]:
        """Returns the columns, with their values, of the rows that an account may see."""
        return {} if account.officer else {"owner": account.name}

    def need_room(self, account: Account, owner: str = "") -> None:
        """Raises Unavailable if the disk is full, and Conflict for a vendor if the owner's reports take too much."""
        if self.places.full:
            raise Unavailable("the disk of the laboratory is full")
        taken = 0 if account.officer else self.places.taken(run.id for run in self.store.all(Run, owner=owner))
        if taken > LARGEST_SHARE:
            raise Conflict(f"the reports of {owner} take more than {LARGEST_SHARE >> 30} GB; remove some runs first")

    def read(self, run: Run) -> dict[str, Any]:
        """Returns the content of report.json of a run. Raises Conflict if it has none."""
        if run.under_way:
            raise Conflict("the run has not ended yet")
        try:
            return files.read(self.places.report(run.id))
        except KitError as error:
            raise Conflict("the run left no report") from error
