"""Operations on the reports of runs that have ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...errors import UsageError
from ...report import comparison
from ..finding_steps import find
from ..fleet.job import write_config
from . import child
from .accounts import Account
from .operations import Operations
from .refusals import Conflict, Forbidden, Invalid, NotFound
from .store import Gateway, Run, now

MOST_DAYS = 36525
"""Days that a certificate is valid at most."""


class Reports(Operations):
    """Reads, compares, certifies and replays reports."""

    @property
    def certifies(self) -> bool:
        """True if the laboratory has a key."""
        return self.key is not None

    def report(self, account: Account, id_: str) -> dict[str, Any]:
        """Returns the content of report.json of a run. Raises Conflict if it has none."""
        return self.read(self.seen(Run, account, id_))

    def compare(self, account: Account, old: str, new: str) -> comparison.Comparison:
        """Says how a run differs from an older one. Raises Conflict if one has no report, or that of another kit."""
        before, after = (self.report(account, id_) for id_ in (old, new))
        try:
            return comparison.compare(before, after)
        except (KeyError, TypeError, ValueError) as error:
            raise Conflict("another version of the kit wrote one of these reports") from error

    def certify(self, account: Account, id_: str, *, days: int = 365) -> Run:
        """Signs a certificate about a run. Raises Forbidden for vendors, and Conflict if it cannot be certified."""
        run = self.seen(Run, account, id_)
        if not account.officer:
            raise Forbidden("only officers certify")
        if self.key is None:
            raise Conflict("the laboratory was started without --key, so it cannot certify")
        if not 1 <= days <= MOST_DAYS:
            raise Invalid({"days": f"a certificate is valid for one day to {MOST_DAYS}"})
        if run.kind != "live":
            raise Conflict("the traffic was recorded elsewhere, so nothing is certified about it")
        self.read(run)
        folder = self.places.report(run.id)
        with self.turns.taken(account) as private:
            arguments = ("certify", str(folder), "--key", str(self.key.absolute()), "--days", str(days))
            finished = child.run(arguments, private)
        if finished.status != 0:
            raise Conflict(finished.complaint.replace(f"{folder} ", "the run "))
        return self.store.change(Run, run.id, certified=now()) or run

    def replay(self, account: Account, id_: str, finding: str) -> Mapping[str, Any]:
        """Sends the calls of a finding again. It is named as on the command line: by its id, or by its requirement.

        Returns ``holds`` (None if that cannot be said), ``text`` and ``exchanges``. Raises NotFound for a finding
        that the report does not have.
        """
        run = self.seen(Run, account, id_)
        report = self.read(run)
        if not finding:
            raise Invalid({"finding": "a finding is needed"})
        try:
            _, found = find(report, finding)
        except UsageError as error:
            raise NotFound(str(error)) from error
        if run.kind != "live":
            raise Conflict("the traffic was recorded elsewhere, so it is not sent again from here")
        gateway = self.store.get(Gateway, run.gateway)
        if gateway is None or gateway.url != run.url:
            raise Conflict("the gateway has another URL by now, and what is declared goes there only")
        job = self.jobs.of(run)
        with self.turns.taken(account) as private, self.queue.alone(run.url):
            config = write_config(job.config, job.files, private)
            arguments = ["replay", str(self.places.report(run.id)), found["id"], "--json"]
            arguments += ["--gateway-url", run.url, "--gateway-config", str(config)]
            finished = child.run(arguments, private, environment=job.environment)
        if finished.status not in (0, 1, 10):
            raise Conflict(finished.complaint or "it could not be sent again")
        answer: dict[str, Any] = json.loads(finished.output)
        return answer
