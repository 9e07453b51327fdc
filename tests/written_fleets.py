"""Fleets written down by hand, with reports as runs leave them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beckn_conformance.commands.fleet.entries import Entry
from beckn_conformance.commands.fleet.job import Outcome
from beckn_conformance.commands.fleet.results import Certify, FleetResults


def entry(name: str) -> Entry:
    return Entry(name, f"https://{name}.example", {}, False, None, 60.0, {})


def ended(
    name: str,
    report: Mapping[str, Any],
    *,
    status: int | None = -1,
    reason: str = "",
    seconds: float = 9.3,
    files: Mapping[str, bytes] | None = None,
) -> Outcome:
    """What came of a run with a report, with the exit status that its verdict has where no other is given."""
    if status == -1:
        status = {"non-conformant": 1, "inconclusive": 10}.get(report["verdict"], 0)
    written = {"report.json": json.dumps(report).encode(), **(files or {})}
    return Outcome(name, status, reason, seconds, {key: zlib.compress(value) for key, value in written.items()})


def results_of(
    folder: Path, *outcomes: Outcome, names: Sequence[str] = (), certify: Certify | None = None
) -> FleetResults:
    """A run of a fleet that has come to these outcomes."""
    made = FleetResults(folder, [entry(name) for name in names or [outcome.name for outcome in outcomes]])
    for outcome in outcomes:
        made.began(outcome.name)
        made.take(outcome, certify)
    made.ended = True
    made.write()
    return made
