"""Plays the queued runs: so many at a time, fair among their owners, and on after a restart."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from ...errors import KitError
from ...report import files
from ..fleet.job import CANCELLED, JUDGED, Ending, Wish
from . import child
from .execution import Executor
from .places import Places
from .store import Run, Store, now

RESTARTED = "the laboratory was restarted"
MOST_ATTEMPTS = 3
"""Times that a run is begun which leaves no record."""
LIMIT = 600.0
"""Seconds to make a report from a record."""
AGAIN = 1.0
"""Seconds until something is written again that could not be, as on a full disk."""


class Queue:
    """Threads that each play one run at a time."""

    def __init__(self, store: Store, places: Places, executor: Executor, workers: int) -> None:
        self._store = store
        self.places = places
        self._executor = executor
        self._changed = threading.Condition()
        self._stopped = False
        self._cancelled: set[str] = set()
        """Ids of the running ones that are to end."""
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

    def remove(self, run: Run) -> None:
        """Removes a run that has ended, with its files."""
        self.places.remove(run.id)
        self._store.remove(run)

    def _work(self) -> None:
        """Plays one run after another, until the laboratory ends."""
        while (found := self._next()) is not None:
            run, again = found
            if again:
                self._recover(run)
            else:
                self._play(run)
            self.wake()

    def _next(self) -> tuple[Run, bool] | None:
        """Waits for the next run; True with one that was under way before a restart. None at the end."""
        with self._changed:
            while not self._stopped:
                if self._left:
                    return self._left.pop(), True
                try:
                    if run := self._store.take():
                        return run, False
                    self._changed.wait()
                except sqlite3.Error:
                    self._changed.wait(AGAIN)
        return None

    def _play(self, run: Run) -> None:
        def wish() -> Wish:
            if self._stopped:
                return "kill"
            return "end" if run.id in self._cancelled else "play"

        try:
            ending = self._executor.play(run, wish)
        except (KitError, OSError) as error:
            ending = Ending(None, f"it could not be played: {error}")
        if not self._stopped:
            self._end(run, ending)

    def _recover(self, run: Run) -> None:
        """Ends a run that was under way before a restart, with a report from its record. Without one, it is queued."""
        if (self.places.report(run.id) / files.RECORD[0]).exists() or run.attempts >= MOST_ATTEMPTS:
            self._end(run, Ending(None, RESTARTED))
        else:
            self._change(run, state="queued")

    def _end(self, run: Run, ending: Ending) -> None:
        """Makes a report if there is none, and notes the result."""
        folder = self.places.report(run.id)
        found: dict[str, Any] = {}
        reason = "" if ending.reason == CANCELLED else ending.reason
        try:
            self._report(folder)
            found = told(files.read(folder))
        except (KitError, OSError) as error:
            reason = reason or (f"it left no report: {error}" if ending.status in JUDGED else "")
        with self._changed:
            cancelled = run.id in self._cancelled
            self._cancelled.discard(run.id)
        state = "cancelled" if cancelled else "ended"
        self._change(run, state=state, ended=now(), status=ending.status, reason=reason, **found)

    def _report(self, folder: Path) -> None:
        """Makes a report from the record of a run that was killed."""
        if (folder / "report.json").exists() or not (folder / files.RECORD[0]).exists():
            return
        with self.places.temporary() as private:
            child.run(("report", str(folder.absolute())), private, limit=LIMIT)

    def _change(self, run: Run, **values: Any) -> None:
        """Changes a running run, again and again if it cannot be written."""
        while True:
            try:
                self._store.change(Run, run.id, states=("running",), **values)
                return
            except sqlite3.Error:
                with self._changed:
                    if self._stopped:
                        return
                    self._changed.wait(AGAIN)


def told(report: dict[str, Any]) -> dict[str, Any]:
    """The columns of a run that come from its report."""
    statuses = [row["status"] for row in report["requirements"]]
    return {
        "verdict": report["verdict"],
        "waived": sum(map(len, report["waived"].values())),
        "exchanges": report["run"]["exchanges"],
        "failed": statuses.count("failed"),
        "warned": statuses.count("warned"),
    }
