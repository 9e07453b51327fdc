"""Plays the runs of the laboratory on the workers of a Dask cluster."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from ...errors import UsageError
from ...process.bounded import Instruction
from ..fleet import cluster
from ..fleet.job import Outcome
from .execution import Jobs
from .refusals import Unavailable
from .store import Run


class Cluster:
    """Plays runs on a cluster. Their record arrives at their end, and lines about their progress meanwhile."""

    def __init__(self, address: str, jobs: Jobs) -> None:
        """Connects to a scheduler. Raises UsageError if none answers."""
        self._address = address
        self._jobs = jobs
        self._topic = f"beckn-conformance-lab-{uuid.uuid4().hex}"
        self._lock = threading.Lock()
        self._playing: set[str] = set()
        """Ids of the runs that are under way."""
        self._client: Any = None
        self._reached()

    @property
    def threads(self) -> int:
        """How many runs the cluster can play at a time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(sum(threads.values()), 1)

    def close(self) -> None:
        """Ends the connection, and so what is played."""
        self._client.close()

    def play(self, run: Run, instruction: Callable[[], Instruction]) -> Outcome:
        """Plays a run. Raises Unavailable if the scheduler cannot be reached."""
        job = self._jobs.of(run)
        try:
            client = self._reached()
        except UsageError as error:
            raise Unavailable(str(error)) from error
        self._playing.add(run.id)
        try:
            outcome = cluster.followed(client, job, self._topic, instruction)
        finally:
            self._playing.discard(run.id)
        if outcome.reason == cluster.LOST:
            raise Unavailable(outcome.reason)
        with self._jobs.places.temporary() as folder:
            # A report is in its place as a whole, or not at all.
            outcome.unpack(folder / "report")
            if (folder / "report").exists():
                (folder / "report").replace(self._jobs.places.report(run.id))
        return outcome

    def _reached(self) -> Any:
        """Returns the client, or a new one if its scheduler was lost. Raises UsageError."""
        with self._lock:
            if self._client is None or self._client.status != "running":
                self._client = cluster.connect(self._address)
                self._client.subscribe_topic(self._topic, self._hear)
            return self._client

    def _hear(self, event: tuple[float, Any]) -> None:
        """Writes down lines about the progress of a run, which start over with it."""
        name, lines = event[1]
        if name in self._playing:
            with self._jobs.places.progress(name).open("w" if lines is None else "a", encoding="utf-8") as file:
                file.write(lines or "")
