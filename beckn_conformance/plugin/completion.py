"""Which tests of a run told their outcome, and which ended for a reason that says nothing of a gateway."""

from __future__ import annotations

from typing import Any

OUTCOMES = {"failed": "failed", "inconclusive": "skipped"}
"""How pytest has a test end that tells one of these; one that tells anything else has passed."""


class Told:
    """A plugin that takes the reports of pytest, of whichever process and plugin they come.

    A report of a test that told its outcome has that as ``conformance``, and as ``amiss`` why the outcome says nothing.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._skipped: set[str] = set()
        self._amiss: dict[str, str] = {}
        self.uncollected = False
        """Whether a file of tests could not be collected."""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Takes the report of one step of a test."""
        self._take(report)

    def pytest_collectreport(self, report: Any) -> None:
        """Takes the report of a file that was looked through for tests."""
        self._take(report)

    def _take(self, report: Any) -> None:
        name, when = report.nodeid, getattr(report, "when", "collect")
        if when == "setup":
            # Begun once more (pytest-rerunfailures): what counts is the last time.
            self._told.discard(name)
            self._amiss.pop(name, None)
        if why := getattr(report, "amiss", "") or _why(report):
            self._amiss.setdefault(name, f"{name}: {why}")
            self._told.discard(name)
            self.uncollected = self.uncollected or when == "collect"
        elif when == "call" and hasattr(report, "conformance"):
            self._told.add(name)
            self._skipped.discard(name)
        elif report.skipped:
            self._skipped.add(name)

    @property
    def ran(self) -> int:
        """Tests that told their outcome."""
        return len(self._told)

    @property
    def skipped(self) -> int:
        """Tests that something else than the kit skipped."""
        return len(self._skipped)

    @property
    def fault(self) -> str:
        """What failed for another reason than a finding, in a sentence; empty where nothing did."""
        if not self._amiss:
            return ""
        number, first = len(self._amiss), next(iter(self._amiss.values()))
        return f"{number} test{'' if number == 1 else 's'} failed for another reason than a finding, such as {first}"


def consistent(status: str, report: Any) -> bool:
    """Whether a test ended the way that its outcome is told in."""
    return bool(report.outcome == OUTCOMES.get(status, "passed"))


def _why(report: Any) -> str:
    """Why a report says that something failed, in one line; empty where it does not, or its test told a finding."""
    if report.outcome != "failed" or getattr(report, "conformance", "") == "failed":
        return ""
    lines = [line.strip() for line in report.longreprtext.splitlines() if line.strip()]
    return lines[-1] if lines else f"its {getattr(report, 'when', 'collection')} failed"
