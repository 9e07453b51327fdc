"""A finding as every output shows it: the terminal, the page, the summary, EARL and Allure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..messages.shell import command
from ..record.journal import SCRIPTS

SEVERITY = ("failed", "warned", "waived")
"""Statuses of findings, worst first."""
LEVELS = ("MUST", "SHOULD", "MAY")
MOST_CASES = 12
"""Kinds of faults that one line names."""


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with the requirement that it breaks and the waivers that excuse it, all in the form of report.json."""

    finding: Mapping[str, Any]
    requirement: Mapping[str, Any]
    waivers: Sequence[Mapping[str, Any]] = ()

    @property
    def id(self) -> str:
        return str(self.finding["id"])

    @property
    def status(self) -> str:
        """One of SEVERITY."""
        return "waived" if self.waivers else str(self.requirement["status"])

    @property
    def place(self) -> str:
        """The operation and the member concerned, if it is about one, as a JSON Pointer."""
        return f"{self.finding['operation']} {self.finding['pointer']}".strip()

    @property
    def title(self) -> str:
        pointer = self.finding["pointer"]
        return f"{self.id}: {self.finding['message']}" + (f" at {pointer}" if pointer else "")

    @property
    def cases(self) -> list[str]:
        """The kinds of faults that show it; empty if there is only one."""
        operation = self.finding["operation"]
        cases = filter(None, (case.removeprefix(operation).strip() for case in sorted(self.finding["cases"])))
        return found if len(found := [*cases]) > 1 else []

    @property
    def script(self) -> str:
        """The name of its script within the report folder; empty if a line shows it."""
        return f"{SCRIPTS}/{self.id}.sh" if self.finding["script"] else ""

    def again(self, folder: Path | None) -> str:
        """The line that shows it again, if the report lies in ``folder``."""
        if self.script and folder is not None:
            return command(["sh", str(folder / self.script)])
        return str(self.finding["curl"])

    @property
    def differences(self) -> Iterator[tuple[str, str]]:
        """Yields what was sent, expected and observed, each with its label."""
        count = self.finding["count"]
        yield "sent", self.finding["sent"]
        yield "expected", self.finding["expected"]
        yield "observed", self.finding["observed"] + (f" ({count} times)" if count > 1 else "")

    @property
    def sentence(self) -> str:
        """The difference in one line."""
        finding = self.finding
        return (
            f"{self.id}: {finding['message']}. Sent: {finding['sent']}. Expected: {finding['expected']}. "
            f"Observed: {finding['observed']}."
        )

    def rows(self, folder: Path | None) -> Iterator[tuple[str, str]]:
        """Yields everything about it that is not in the headline, each line with its label, if it has one."""
        yield from self.differences
        if self.cases:
            yield "cases", ", ".join(self.cases[:MOST_CASES]) + (" …" if len(self.cases) > MOST_CASES else "")
        yield "finding", self.title
        for waiver in self.waivers:
            yield "waived", f"until {waiver['expires']} by {waiver['owner']} ({waiver['class']}): {waiver['reason']}"
        yield "reading", ", ".join(self.requirement["reading"])
        for number, step in enumerate(self.finding["steps"]):
            yield "" if number else "steps", step
        if again := self.again(folder):
            yield "again", again


def views(report: Mapping[str, Any]) -> list[FindingView]:
    """All findings of a report: worst first, then by how many calls they take, then in the order of the page."""
    found = []
    for requirement in report["requirements"]:
        for finding in requirement["findings"]:
            waivers = [
                waiver
                for waiver in report["waivers"]
                if waiver["requirement"] == requirement["id"] and finding["id"] in waiver["findings"]
            ]
            found.append(FindingView(finding, requirement, waivers))
    return sorted(found, key=_rank)


def _rank(view: FindingView) -> tuple[int, int, int]:
    severity = SEVERITY.index(view.status) if view.status in SEVERITY else len(SEVERITY)
    return severity, LEVELS.index(view.requirement["level"]), len(view.finding["steps"])
