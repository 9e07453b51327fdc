"""Finds the calls of a finding in a report folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..judging.obligations import compares_replies
from ..messages.exchange import Exchange
from ..report import files
from ..run.recorded import RecordedScenario, recorded_scenario
from ..run.reproduction import needed, replay
from ..specification.specification import Specification

Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FindingSteps:
    """A finding with the calls that it takes to see it; the last one shows it."""

    report: Mapping[str, Any]
    requirement: str
    finding: Finding
    scenario: RecordedScenario
    steps: tuple[Exchange, ...]


def steps_of(folder: Path, name: str, specification: Specification) -> FindingSteps:
    """Returns the steps of a finding; raises UsageError for one that is not in the report or not on record."""
    report = files.read(folder)
    requirement, finding = find(report, name)
    scenario = recorded_scenario(folder, finding["exchanges"], specification)
    if scenario is None:
        raise UsageError(f"{folder}: the exchanges of {finding['id']} are not on record")
    calls = scenario.end.transcript.calls
    last = next(exchange for exchange in calls if exchange.id in finding["exchanges"])
    steps = needed(last, calls, history=compares_replies(requirement))
    # The one in the report may be anything.
    finding = {**finding, "replay": replay(scenario.end.test, scenario.run.config.url)}
    return FindingSteps(report, requirement, finding, scenario, (*steps, last))


def find(report: Mapping[str, Any], name: str) -> tuple[str, Finding]:
    """Finds a finding by its id or the beginning of it, with its requirement. Raises UsageError for none or several."""
    rows = [(row["id"], finding) for row in report["requirements"] for finding in row["findings"]]
    hits = [(id_, finding) for id_, finding in rows if name in (finding["id"], id_)]
    hits = hits or [(id_, finding) for id_, finding in rows if finding["id"].startswith(name)]
    if len(hits) == 1:
        return hits[0]
    statuses = {row["id"]: row["status"] for row in report["requirements"]}
    if not hits and name in statuses:
        raise UsageError(f"{name} has no finding in this report; it is {statuses[name]}")
    known = [finding["id"] for _, finding in (hits or rows)]
    some = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
    if not rows:
        raise UsageError("the report has no findings")
    raise UsageError(f"{'more than one finding is' if hits else 'no finding is'} named {name!r}; there are {some}")
