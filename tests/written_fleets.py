"""Fleets written down by hand, with reports as runs leave them."""

import json
import zlib

from beckn_conformance.commands.fleet.entries import Entry
from beckn_conformance.commands.fleet.job import Outcome
from beckn_conformance.commands.fleet.results import FleetResults


def entry(name):
    return Entry(name, f"https://{name}.example", {}, False, None, 60.0, {})


def ended(name, report, *, status=-1, reason="", seconds=9.3, files=None):
    """What came of a run with a report, with the exit status that its verdict has where no other is given."""
    if status == -1:
        status = {"non-conformant": 1, "inconclusive": 10}.get(report["verdict"], 0)
    written = {"report.json": json.dumps(report).encode(), **(files or {})}
    return Outcome(name, status, reason, seconds, {key: zlib.compress(value) for key, value in written.items()})


def results_of(folder, *outcomes, names=(), certify=None):
    """A run of a fleet that has come to these outcomes."""
    made = FleetResults(folder, [entry(name) for name in names or [outcome.name for outcome in outcomes]])
    for outcome in outcomes:
        made.began(outcome.name)
        made.take(outcome, certify)
    made.ended = True
    made.write()
    return made
