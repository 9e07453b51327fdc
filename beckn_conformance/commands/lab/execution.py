"""Makes the jobs of runs, and plays them in processes on this machine. ``remote`` does so on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...process import children
from ...process.bounded import Wish
from ..fleet.job import Ending, Job, execute
from . import declarations
from .places import Places
from .refusals import NotFound
from .store import Gateway, Run, Store
from .vault import Vault

Play = Callable[[Run, Callable[[], Wish]], Ending]
"""Plays a run to its end, with its report and progress in their places. Raises Unavailable if it has to wait."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Makes the job of a run, with what is declared of its gateway."""

    store: Store
    places: Places
    vault: Vault
    limit: float
    """Seconds that a run may take."""
    environment: Mapping[str, str]
    """Variables of each run."""

    def of(self, run: Run) -> Job:
        """Returns the job of a run. Raises NotFound and Conflict."""
        gateway = self.store.get(Gateway, run.gateway)
        if gateway is None:
            raise NotFound("its gateway was removed")
        config, files = declarations.of_run(self.vault.open(gateway.declarations, gateway.id))
        config["gateway"] = {"name": gateway.name, **config.get("gateway", {})}
        command = (
            *children.arguments("beckn_conformance"),
            *("run", "--until-stdin-ends", run.url),
            *("--conformance-class", run.class_, "--fuzz-examples", str(run.depth)),
            *(("--hypothesis-seed", str(run.seed)) if run.seed is not None else ()),
        )
        return Job(run.id, command, config, self.limit, files=files, environment=self.environment)

    def play(self, run: Run, wish: Callable[[], Wish]) -> Ending:
        """Plays a run on this machine. Its record is in its place from the first exchange on."""
        with self.places.temporary() as private:
            report, progress = self.places.report(run.id), self.places.progress(run.id)
            return execute(self.of(run), private, report, wish, progress)
