"""Runs other commands of the kit in processes of their own, so that no file can hang or crash the laboratory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...process import bounded, children
from .accounts import Account
from .places import Places
from .refusals import Conflict

LIMIT = 120.0
"""Seconds that a command may take."""
MOST_OUTPUT = 16 * 1024 * 1024
"""Bytes of output that are read."""
AT_ONCE = 4
"""Accounts for which a command runs at the same time: each holds a process and a thread."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    status: int
    output: bytes
    """Its standard output, up to MOST_OUTPUT bytes."""
    complaint: str
    """The last line that it printed to standard error."""


def run(
    arguments: Sequence[str],
    private: Path,
    *,
    environment: Mapping[str, str] = {},
    limit: float = LIMIT,
    memory: int | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Finished:
    """Runs a command of ``beckn-conformance``; ``private`` is an empty folder for its temporary files.

    ``memory`` limits its address space in bytes. Raises Conflict if it takes longer than the limit, in seconds, or is
    not wanted any more.
    """
    printed, complained = private / "printed", private / "complained"
    with printed.open("wb") as output, complained.open("wb") as errors:
        status, stop = bounded.run(
            [*children.arguments("beckn_conformance"), "--until-stdin-ends", *arguments],
            private,
            output,
            errors,
            limit=limit,
            wish=lambda: "play" if wanted() else "kill",
            environment=environment,
            memory=memory,
            cwd=private,
        )
    if stop:
        raise Conflict("it is not wanted any more" if stop == "kill" else f"it took longer than {limit:g} s")
    with printed.open("rb") as file:
        text = file.read(MOST_OUTPUT)
    return Finished(status, text, bounded.last_line(complained).removeprefix("beckn-conformance: "))


class Turns:
    """Lets each account run one command at a time, and all a few, so that none is kept from the others."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    @contextlib.contextmanager
    def taken(self, account: Account) -> Iterator[Path]:
        """Takes the turn of an account, with a private folder. Raises Conflict if it has one, or too many others do."""
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
