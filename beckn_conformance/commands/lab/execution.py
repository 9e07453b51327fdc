"""Plays one run of the laboratory in a process on this machine. ``remote`` does so on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...process import children
from ..fleet.job import Ending, Job, Wish, execute
from .places import Places
from .store import Run

Declared = Callable[[Run], tuple[Mapping[str, Any], Mapping[str, str]]]
"""Returns the configuration of the gateway of a run, and the texts of the files that it names."""


class Executor(Protocol):
    """Plays runs. Their reports and progress lie in their places afterwards."""

    def play(self, run: Run, wish: Callable[[], Wish]) -> Ending:
        """Plays a run to its end. Raises Unavailable if that is to be tried again later."""
        ...


@dataclass(frozen=True, slots=True)
class Jobs:
    """Makes the job of a run."""

    declared: Declared
    limit: float
    """Seconds that a run may take."""
    environment: Mapping[str, str]
    """Variables of each run."""

    def of(self, run: Run) -> Job:
        """Returns the job of a run."""
        config, files = self.declared(run)
        command = (
            *children.arguments("beckn_conformance"),
            *("run", "--until-stdin-ends", run.url),
            *("--conformance-class", run.class_, "--fuzz-examples", str(run.depth)),
            *(("--hypothesis-seed", str(run.seed)) if run.seed is not None else ()),
        )
        return Job(run.id, command, config, self.limit, files=files, environment=self.environment)


@dataclass(frozen=True, slots=True)
class Here:
    """Plays runs on this machine. Their record is in its place from the first exchange on."""

    jobs: Jobs
    places: Places

    def play(self, run: Run, wish: Callable[[], Wish]) -> Ending:
        with self.places.temporary() as private:
            report, progress = self.places.report(run.id), self.places.progress(run.id)
            return execute(self.jobs.of(run), private, report, wish, progress)
