"""Plays runs and runs other commands of the kit, so that no file can hang or crash the laboratory.

Each has a process of its own on this machine. ``remote`` plays runs on a cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import KitError, UsageError
from ...process import bounded, children
from ...process.bounded import Instruction
from ...report import files
from ...untrusted.writing import locked
from ..fleet.job import CANCELLED, JUDGED, Job, Outcome, execute
from . import declarations
from .places import Places
from .refusals import Conflict, NotFound
from .store import Gateway, Run, Store, now
from .vault import Vault

COMMAND, REPORT = 120.0, 600.0
"""Seconds that a command may take, and one that makes a report from a record."""
MOST_OUTPUT = 16 * 1024 * 1024
"""Bytes of output that are read."""
INTERVAL = 0.1
LEAVING = 10.0
"""Seconds until a run whose laboratory was killed has gone, too."""
Play = Callable[[Run, Callable[[], Instruction]], Outcome]
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
        config, files = declarations.for_run(self.vault.open(gateway.declarations, gateway.id))
        config["gateway"] = {"name": gateway.name, **config.get("gateway", {})}
        arguments = (
            *children.arguments("beckn_conformance"),
            *("run", "--until-stdin-ends", run.url),
            *("--conformance-class", run.class_, "--fuzz-examples", str(run.depth)),
            *(("--hypothesis-seed", str(run.seed)) if run.seed is not None else ()),
        )
        return Job(run.id, arguments, config, self.limit, files=files, environment=self.environment)

    def play(self, run: Run, instruction: Callable[[], Instruction]) -> Outcome:
        """Plays a run on this machine. Its record is in its place from the first exchange on."""
        with self.places.temporary() as private:
            report, progress = self.places.report(run.id), self.places.progress(run.id)
            return execute(self.of(run), private, report, instruction, progress)


def result_of(ending: Outcome, run: Run, places: Places, wanted: Callable[[], bool]) -> dict[str, Any]:
    """Returns the columns of a run that has ended. The report is made as long as it is ``wanted``."""
    folder = places.report(run.id)
    # A run that it stopped says so in words of its own at best.
    reasons = ["the disk of the laboratory was full"] if ending.status not in (None, *JUDGED) and places.full else []
    reasons += [ending.reason] if ending.reason not in ("", CANCELLED) else []
    facts: dict[str, Any] = {}
    try:
        if has_record(folder) and not is_whole(folder):
            _make_report(folder, places, wanted)
        report = files.read(folder)
        facts = {**columns_of(report), "seed": report["run"]["seed"] if run.seed is None else run.seed}
    except (KitError, OSError) as error:
        # A run that could not begin has said why.
        if has_record(folder) or not reasons:
            reasons.append(f"it left no report: {error}".replace(f"{folder}", "its folder"))
    return {"ended": now(), "status": ending.status, "reason": "; ".join(reasons), **facts}


def has_record(folder: Path) -> bool:
    """Returns True if a run has written down exchanges."""
    return all((folder / name).exists() for name in files.RECORD)


def is_whole(folder: Path) -> bool:
    """Returns True if a report was written to its end."""
    return (folder / "report.html").exists()


def columns_of(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the columns of a run that come from its report."""
    statuses = [row["status"] for row in report["requirements"]]
    return {
        "verdict": report["verdict"],
        "waived": sum(map(len, report["waived"].values())),
        "exchanges": report["run"]["exchanges"],
        "failed": statuses.count("failed"),
        "warned": statuses.count("warned"),
    }


def _make_report(folder: Path, places: Places, wanted: Callable[[], bool]) -> None:
    leaving = time.monotonic() + LEAVING
    while wanted() and (places.full or (_is_written(folder) and time.monotonic() < leaving)):
        time.sleep(INTERVAL)
    with places.temporary() as private:
        finished = command(("report", str(folder)), private, limit=REPORT, wanted=wanted)
    if not is_whole(folder):
        raise KitError(finished.complaint)


def _is_written(folder: Path) -> bool:
    """Returns True if a process still writes to a report folder."""
    try:
        with locked(folder):
            return False
    except UsageError:
        return True


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    status: int
    output: bytes
    """Its standard output, up to MOST_OUTPUT bytes."""
    complaint: str
    """The last line that it printed to standard error."""


def command(
    arguments: Sequence[str],
    private: Path,
    *,
    environment: Mapping[str, str] = {},
    limit: float = COMMAND,
    memory: int | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Finished:
    """Runs a command of ``beckn-conformance``; ``private`` is an empty folder for its temporary files.

    ``memory`` limits its address space in bytes. Raises Conflict if it takes longer than the limit, in seconds, or is
    no longer wanted.
    """
    printed, complained = private / "printed", private / "complained"
    with printed.open("wb") as output, complained.open("wb") as errors:
        status, stop = bounded.run(
            [*children.arguments("beckn_conformance"), "--until-stdin-ends", *arguments],
            private,
            output,
            errors,
            limit=limit,
            instruction=lambda: "play" if wanted() else "kill",
            environment=environment,
            memory=memory,
            cwd=private,
        )
    if stop:
        raise Conflict("it is no longer wanted" if stop == "kill" else f"it took longer than {limit:g} s")
    with printed.open("rb") as file:
        text = file.read(MOST_OUTPUT)
    return Finished(status, text, bounded.last_line(complained).removeprefix("beckn-conformance: "))
