"""Lets each account do one costly thing at a time, and the laboratory a few, so that none is kept from the others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from .accounts import Account
from .refusals import Conflict

AT_ONCE: Final = 4
"""Costly things that go on at the same time: each holds a process and a thread."""


class Turns:
    """The accounts whose file is examined, or for whom a run is certified or replayed, at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    @contextlib.contextmanager
    def taken(self, account: Account) -> Iterator[None]:
        """Takes the turn of an account. Raises Conflict if it has one already, or too many others have."""
        with self._lock:
            if account.name in self._busy:
                raise Conflict("the laboratory still does something else for you; try again when that is done")
            if len(self._busy) >= AT_ONCE:
                raise Conflict("the laboratory does too much else just now; try again in a minute")
            self._busy.add(account.name)
        try:
            yield
        finally:
            with self._lock:
                self._busy.remove(account.name)
