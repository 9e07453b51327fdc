"""Plays the queued runs: so many at a time, fair among their owners, and on after a restart."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...errors import KitError
from ...process import crash
from ...process.bounded import Instruction
from ...run import embedded
from ..fleet.job import Outcome
from .execution import Play, has_record, is_whole, result_of
from .places import Places
from .refusals import Conflict, Unavailable
from .store import UNDER_WAY, Run, Store, now

RESTARTED = "the laboratory was restarted"
MOST_ATTEMPTS = 3
"""Times that a run is begun which leaves no record."""
AGAIN = 2.0
"""Seconds until what failed for want of room is tried again."""

Present = Callable[[], Mapping[str, object]]


class Queue:
    """Threads that each play one run at a time."""

    def __init__(self, store: Store, places: Places, play: Play, workers: int, accounts: Present = dict) -> None:
        """``accounts`` are those that there are, by name. If one goes, its runs are cancelled."""
        self._store = store
        self._places = places
        self._play = play
        self._accounts = accounts
        self._present: Mapping[str, object] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._cancelled: set[str] = set()
        """Ids of running ones that are to end."""
        self._busy: set[str] = set()
        """URLs to which something other than a run is sent."""
        self._left = self._store.all(Run, state="running")
        """Runs that were under way when the laboratory ended before."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]

    def start(self) -> None:
        """Begins to play."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Kills what is running. The next start makes reports from the records."""
        with self._changed:
            self._stopped = True
        self.wake()
        for thread in self._threads:
            thread.join()

    def wake(self) -> None:
        """Looks for runs that can begin."""
        with self._changed:
            self._changed.notify_all()

    def cancel(self, run: Run) -> bool:
        """Takes a run out of the queue, or tells it to end; False if it has ended."""
        if self._store.change(Run, run.id, states=("queued",), state="cancelled", ended=now()):
            return True
        with self._changed:
            running = self._store.all(Run, id=run.id, state="running")
            self._cancelled |= {run.id for run in running}
            return bool(running)

    @contextlib.contextmanager
    def alone(self, url: str) -> Iterator[None]:
        """Lets no run of the gateway at a URL begin. Raises Conflict if one is running."""
        if embedded.wanted(url):
            # Each has one of its own.
            yield
            return
        with self._changed:
            if url in self._busy or self._store.all(Run, url=url, state="running"):
                raise Conflict("a run of this gateway is under way, and would take other changes for the gateway's own")
            self._busy.add(url)
        try:
            yield
        finally:
            with self._changed:
                self._busy.remove(url)
            self.wake()

    def _work(self) -> None:
        """Plays one run after another, until the laboratory ends."""
        while (found := self._next()) is not None:
            run, again = found
            try:
                ending = self._recovered(run) if again else self._played(run)
                if ending is None:
                    self._change(run, state="queued")
                else:
                    # At the end of the laboratory, the result is left to the next start.
                    facts = result_of(ending, run, self._places, lambda: not self._stopped)
                    self._change(run, state="cancelled" if run.id in self._cancelled else "ended", **facts)
                    self._cancelled.discard(run.id)
            # No fault of the kit keeps the others from being played.
            except Exception as error:
                told = crash.report(error, self._places.data)
                print(f"run {run.id}: {told}", file=sys.stderr, flush=True)
                self._change(run, state="ended", ended=now(), reason="a fault of the laboratory ended it")
            self.wake()

    def _next(self) -> tuple[Run, bool] | None:
        """Waits for the next run; True with one that was under way before a restart. None at the end."""
        with self._changed:
            while not self._stopped:
                if self._left:
                    return self._left.pop(), True
                self._cancel_runs_of_removed_accounts()
                try:
                    full = self._places.full
                    if not full and (run := self._store.take(self._busy)):
                        return run, False
                    self._changed.wait(AGAIN if full else None)
                except Unavailable:
                    self._changed.wait(AGAIN)
        return None

    def _played(self, run: Run) -> Outcome | None:
        """Plays a run; None if it has to wait."""

        def instruction() -> Instruction:
            self._cancel_runs_of_removed_accounts()
            return "kill" if self._stopped else "end" if run.id in self._cancelled else "play"

        try:
            return self._play(run, instruction)
        except Unavailable:
            with self._changed:
                self._changed.wait(AGAIN)
            return None
        except (KitError, OSError) as error:
            return Outcome(run.id, reason=f"it could not be played: {error}")

    def _recovered(self, run: Run) -> Outcome | None:
        """Returns how a run ended that was under way before a restart; None to play it again, as it left no record."""
        folder = self._places.report(run.id)
        if has_record(folder) or run.attempts >= MOST_ATTEMPTS:
            # With a whole report, it came to its end just before.
            return Outcome(run.id, reason="" if is_whole(folder) else RESTARTED)
        return None

    def _cancel_runs_of_removed_accounts(self) -> None:
        """Cancels the runs of accounts that have gone since the last look."""
        # A file of accounts that is just being written is read at the next look.
        with contextlib.suppress(KitError):
            present = self._accounts()
            gone = tuple(self._present.keys() - present.keys()) if present is not self._present else ()
            for run in self._store.all(Run, owner=gone, state=UNDER_WAY) if gone else ():
                self.cancel(run)
            self._present = present

    def _change(self, run: Run, **values: Any) -> None:
        """Changes a running run, again and again if it cannot be written."""
        while not self._stopped:
            try:
                self._store.change(Run, run.id, states=("running",), **values)
                return
            except Unavailable:
                with self._changed:
                    self._changed.wait(AGAIN)
