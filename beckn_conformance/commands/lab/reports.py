"""Operations on the reports of runs, each with its permission check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import KitError, UsageError
from ...report import comparison, files
from ..finding_steps import find
from ..fleet.job import write_config
from . import child
from .accounts import Account
from .execution import Jobs
from .places import Places
from .queue import Queue
from .refusals import Conflict, Forbidden, Invalid, NotFound
from .runs import Runs
from .store import Gateway, Run, Store, now
from .turns import Turns

MOST_DAYS = 36525
"""Days that a certificate is valid at most."""


class Reports:
    """The reports of runs that have ended."""

    def __init__(
        self, store: Store, places: Places, queue: Queue, turns: Turns, runs: Runs, jobs: Jobs, key: Path | None
    ) -> None:
        self._store = store
        self._runs = runs
        self._places = places
        self._queue = queue
        self._turns = turns
        self._jobs = jobs
        self._key = key

    @property
    def certifies(self) -> bool:
        """True if the laboratory has a key."""
        return self._key is not None

    def report(self, account: Account, id_: str) -> dict[str, Any]:
        """Returns the content of report.json of a run. Raises Conflict if it has none."""
        return self._read(self._runs.get(account, id_))

    def compare(self, account: Account, old: str, new: str) -> comparison.Comparison:
        """Says how a run differs from an older one. Raises Conflict if one has no report, or that of another kit."""
        before, after = (self._read(self._runs.get(account, id_)) for id_ in (old, new))
        try:
            return comparison.compare(before, after)
        except (KeyError, TypeError, ValueError) as error:
            raise Conflict("another version of the kit wrote one of these reports") from error

    def certify(self, account: Account, id_: str, *, days: int = 365) -> Run:
        """Signs a certificate about a run. Raises Forbidden for vendors, and Conflict if it cannot be certified."""
        run = self._runs.get(account, id_)
        if not account.officer:
            raise Forbidden("only officers certify")
        if self._key is None:
            raise Conflict("the laboratory was started without --key, so it cannot certify")
        if not 1 <= days <= MOST_DAYS:
            raise Invalid({"days": f"a certificate is valid for one day to {MOST_DAYS}"})
        if run.kind != "live":
            raise Conflict("the traffic was recorded elsewhere, so nothing is certified about it")
        self._read(run)
        folder = self._places.report(run.id).absolute()
        with self._turns.taken(account), self._places.temporary() as private:
            arguments = ("certify", str(folder), "--key", str(self._key.absolute()), "--days", str(days))
            finished = _finished(arguments, private, {})
        if finished.status != 0:
            raise Conflict(finished.complaint.replace(f"{folder} ", "the run "))
        return self._store.change(Run, run.id, certified=now()) or run

    def replay(self, account: Account, id_: str, finding: str) -> Mapping[str, Any]:
        """Sends the calls of a finding again. It is named as on the command line: by its id, or by its requirement.

        Returns ``holds`` (None if that cannot be said), ``text`` and ``exchanges``. Raises NotFound for a finding
        that the report does not have.
        """
        run = self._runs.get(account, id_)
        report = self._read(run)
        if not finding:
            raise Invalid({"finding": "a finding is needed"})
        try:
            _, found = find(report, finding)
        except UsageError as error:
            raise NotFound(str(error)) from error
        if run.kind != "live":
            raise Conflict("the traffic was recorded elsewhere, so it is not sent again from here")
        gateway = self._store.get(Gateway, run.gateway)
        if gateway is None or gateway.url != run.url:
            raise Conflict("the gateway has another URL by now, and what is declared goes there only")
        job = self._jobs.of(run)
        with self._turns.taken(account), self._queue.alone(run.url), self._places.temporary() as private:
            config = write_config(job.config, job.files, private)
            folder = str(self._places.report(run.id).absolute())
            arguments = (
                "replay",
                folder,
                found["id"],
                "--gateway-url",
                run.url,
                "--gateway-config",
                str(config),
                "--json",
            )
            finished = _finished(arguments, private, job.environment)
        if finished.status not in (0, 1, 10):
            raise Conflict(finished.complaint or "it could not be sent again")
        answer: dict[str, Any] = json.loads(finished.output)
        return answer

    def _read(self, run: Run) -> dict[str, Any]:
        if run.under_way:
            raise Conflict("the run has not ended yet")
        try:
            return files.read(self._places.report(run.id))
        except KitError as error:
            raise Conflict("the run left no report") from error


def _finished(arguments: tuple[str, ...], private: Path, environment: Mapping[str, str]) -> child.Finished:
    try:
        return child.run(arguments, private, environment=environment)
    except KitError as error:
        raise Conflict(str(error)) from error
