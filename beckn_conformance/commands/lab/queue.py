"""Plays the queued runs: so many at a time, fair among their owners, and on after a restart."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from ...errors import KitError
from ...process import crash
from ...run import embedded
from ..fleet.job import Ending, Wish
from .execution import Executor
from .places import Places
from .refusals import Conflict, Unavailable
from .results import collected, has_record, is_whole
from .store import Run, Store, now

RESTARTED = "the laboratory was restarted"
MOST_ATTEMPTS = 3
"""Times that a run is begun which leaves no record."""
AGAIN = 2.0
"""Seconds until what failed for want of room is tried again."""


class Queue:
    """Threads that each play one run at a time."""

    def __init__(self, store: Store, places: Places, executor: Executor, workers: int) -> None:
        self._store = store
        self._places = places
        self._executor = executor
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
            self._changed.notify_all()
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
                self._changed.notify_all()

    def _work(self) -> None:
        """Plays one run after another, until the laboratory ends."""
        while (found := self._next()) is not None:
            run, again = found
            try:
                if again:
                    self._recover(run)
                else:
                    self._play(run)
            # No fault of the kit keeps the others from being played.
            except Exception as error:
                told = crash.told(error, self._places.data)
                print(f"run {run.id}: {told}", file=sys.stderr, flush=True)
                self._change(run, state="ended", ended=now(), reason="a fault of the laboratory ended it")
            self.wake()

    def _next(self) -> tuple[Run, bool] | None:
        """Waits for the next run; True with one that was under way before a restart. None at the end."""
        with self._changed:
            while not self._stopped:
                if self._left:
                    return self._left.pop(), True
                try:
                    full = self._places.full
                    if not full and (run := self._store.take(self._busy)):
                        return run, False
                    self._changed.wait(AGAIN if full else None)
                except Unavailable:
                    self._changed.wait(AGAIN)
        return None

    def _play(self, run: Run) -> None:
        def wish() -> Wish:
            if self._stopped:
                return "kill"
            return "end" if run.id in self._cancelled else "play"

        try:
            ending = self._executor.play(run, wish)
        except Unavailable:
            self._change(run, state="queued")
            with self._changed:
                self._changed.wait(AGAIN)
            return
        except (KitError, OSError) as error:
            ending = Ending(None, f"it could not be played: {error}")
        self._end(run, ending)

    def _recover(self, run: Run) -> None:
        """Ends a run that was under way before a restart, with a report from its record. Without one, it is queued."""
        folder = self._places.report(run.id)
        if has_record(folder) or run.attempts >= MOST_ATTEMPTS:
            # With a whole report, it came to its end just before.
            self._end(run, Ending(None, "" if is_whole(folder) else RESTARTED))
        else:
            self._change(run, state="queued")

    def _end(self, run: Run, ending: Ending) -> None:
        """Notes the result of a run. At the end of the laboratory, that is left to the next start."""
        facts = collected(ending, run.id, self._places, lambda: not self._stopped)
        if not self._stopped:
            self._change(run, state="cancelled" if run.id in self._cancelled else "ended", **facts)
        with self._changed:
            self._cancelled.discard(run.id)

    def _change(self, run: Run, **values: Any) -> None:
        """Changes a running run, again and again if it cannot be written."""
        while not self._stopped:
            try:
                self._store.change(Run, run.id, states=("running",), **values)
                return
            except Unavailable:
                with self._changed:
                    self._changed.wait(AGAIN)
