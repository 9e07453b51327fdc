"""Operations on runs and their reports."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...report import comparison
from ...run import embedded
from ..finding_steps import find
from ..fleet.job import write_config
from . import execution
from .accounts import Account
from .operations import Operations
from .refusals import Conflict, Forbidden, Invalid, NotFound
from .store import UNDER_WAY, Gateway, Run, new_id, now

MOST_UNDER_WAY = 20
"""Runs of a vendor that are queued or running."""
DEEPEST = 2500
"""Examples of each property."""
LARGEST_SEED = 2**31 - 1
MOST_DAYS = 36525
"""Days that a certificate is valid at most."""
LOOKUPS = 8
"""Host names that are looked up at a time before runs are queued."""
_lookups = threading.BoundedSemaphore(LOOKUPS)


class Runs(Operations):
    """Starts, cancels and removes runs."""

    def list(self, account: Account, gateway: str = "", limit: int = 200) -> list[Run]:
        """Lists the runs that an account may see, newest first: all, or those of a gateway."""
        return self.store.all(Run, limit, **self.visible_to(account), **({"gateway": gateway} if gateway else {}))

    def get(self, account: Account, id_: str) -> Run:
        """Returns a run."""
        return self.visible(Run, account, id_)

    def start(self, account: Account, gateway: str, *, strict: bool, depth: int, seed: int | None) -> Run:
        """Queues a run of a gateway. Raises Invalid for a field, and for a URL that may not be connected to."""
        found = self.visible(Gateway, account, gateway)
        errors = {}
        if not 1 <= depth <= DEEPEST:
            errors["depth"] = f"1 to {DEEPEST} examples of each property"
        if seed is not None and not 0 <= seed <= LARGEST_SEED:
            errors["seed"] = f"a number from 0 to {LARGEST_SEED}"
        if why := self._hindrance(found.url):
            errors["url"] = why
        if errors:
            raise Invalid(errors)
        self.need_room(account, found.owner)
        # The owner of a run is that of its gateway, whoever starts it.
        run = Run(new_id(), found.id, found.owner, found.url, strict=strict, depth=depth, seed=seed)
        with self.store.lock:
            # Looking up a name can take long.
            if self.visible(Gateway, account, gateway) != found:
                raise Conflict("the gateway was changed just now; start the run again")
            waiting = self.store.all(Run, MOST_UNDER_WAY, owner=found.owner, state=UNDER_WAY)
            if len(waiting) >= MOST_UNDER_WAY and not account.officer:
                raise Conflict(f"{found.owner} has {MOST_UNDER_WAY} runs under way already; wait for one, or cancel it")
            self.store.add(run)
        self.queue.wake()
        return run

    def cancel(self, account: Account, id_: str) -> Run:
        """Cancels a run. One that is running still writes a report on what was judged. Raises Conflict if it ended."""
        if not self.queue.cancel(self.get(account, id_)):
            raise Conflict("the run has ended already")
        return self.get(account, id_)

    def remove(self, account: Account, id_: str) -> None:
        """Removes a run that has ended, with its report."""
        run = self.get(account, id_)
        if run.under_way:
            raise Conflict("the run is under way; cancel it first")
        # The row goes last, so that a removal that was interrupted can be repeated.
        self.places.remove(run.id)
        self.store.remove(run)

    def place(self, account: Account, id_: str) -> int:
        """Returns how many queued runs are older than one that is queued."""
        run = self.get(account, id_)
        queued = self.store.all(Run, state="queued")
        return len(queued) - queued.index(run) - 1 if run in queued else 0

    def folder(self, account: Account, id_: str) -> Path:
        """Returns the report folder of a run. It may not exist, or hold no report yet."""
        return self.places.report(self.get(account, id_).id)

    def progress(self, account: Account, id_: str) -> Path:
        """Returns the file of JSON lines to which a run adds how far it is. It may not exist."""
        return self.places.progress(self.get(account, id_).id)

    def _hindrance(self, url: str) -> str:
        """Says why runs may not connect to a URL; empty if they may."""
        # Looking up a name can take long. If too many do, it is left to the run.
        if self.reach is None or embedded.wanted(url) or not _lookups.acquire(blocking=False):
            return ""
        try:
            return self.reach.refusal(url)
        finally:
            _lookups.release()


class Reports(Operations):
    """Reads, compares, certifies and replays the reports of runs."""

    @property
    def certifies(self) -> bool:
        """True if the laboratory has a key."""
        return self.key is not None

    def report(self, account: Account, id_: str) -> dict[str, Any]:
        """Returns the content of report.json of a run. Raises Conflict if it has none."""
        return self.read(self.visible(Run, account, id_))

    def compare(self, account: Account, old: str, new: str) -> comparison.Comparison:
        """Says how a run differs from an older one. Raises Conflict if one has no report, or that of another kit."""
        before, after = (self.report(account, id_) for id_ in (old, new))
        try:
            return comparison.compare(before, after)
        except (KeyError, TypeError, ValueError) as error:
            raise Conflict("another version of the kit wrote one of these reports") from error

    def certify(self, account: Account, id_: str, *, days: int = 365) -> Run:
        """Signs a certificate about a run. Raises Forbidden for vendors, and Conflict if it cannot be certified."""
        run = self.visible(Run, account, id_)
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
        with self.slots.taken(account) as private:
            arguments = ("certify", str(folder), "--key", str(self.key.absolute()), "--days", str(days))
            finished = execution.command(arguments, private)
        if finished.status != 0:
            raise Conflict(finished.complaint.replace(f"{folder} ", "the run "))
        return self.store.change(Run, run.id, certified=now()) or run

    def replay(self, account: Account, id_: str, finding: str) -> Mapping[str, Any]:
        """Sends the calls of a finding again. It is named as on the command line: by its id, or by its requirement.

        Returns ``holds`` (None if that cannot be said), ``text`` and ``exchanges``. Raises NotFound for a finding
        that the report does not have.
        """
        run = self.visible(Run, account, id_)
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
        with self.slots.taken(account) as private, self.queue.alone(run.url):
            config = write_config(job.config, job.files, private)
            arguments = ["replay", str(self.places.report(run.id)), found["id"], "--json"]
            arguments += ["--gateway-url", run.url, "--gateway-config", str(config)]
            finished = execution.command(arguments, private, environment=job.environment)
        if finished.status not in (0, 1, 10):
            raise Conflict(finished.complaint or "it could not be sent again")
        answer: dict[str, Any] = json.loads(finished.output)
        return answer
