"""Keeps track of which tests reported an outcome, and which failed for a reason that says nothing of the gateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..messages.text import counted

PYTEST_OUTCOMES = {"failed": "failed", "inconclusive": "skipped"}
"""By the outcome of a test, pytest's own. For any other outcome the test passes."""


class Completion:
    """A plugin that reads the reports of pytest, from whichever process and plugin they come.

    Two attributes of a report are the kit's: ``conformance`` is the outcome that the test reported, ``other_failure``
    why the test says nothing of the gateway.
    """

    def __init__(self) -> None:
        self._completed: set[str] = set()
        self._skipped: set[str] = set()
        self._failures: dict[str, str] = {}
        self.uncollected = False
        """True if a file of tests could not be collected."""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Reads the report of one step of a test."""
        self._read(report)

    def pytest_collectreport(self, report: Any) -> None:
        """Reads the report of a file that was searched for tests."""
        self._read(report)

    def _read(self, report: Any) -> None:
        name, when = report.nodeid, getattr(report, "when", "collect")
        if when == "setup":
            # A test that is run again (pytest-rerunfailures) counts as it ended the last time.
            self._completed.discard(name)
            self._failures.pop(name, None)
        if why := getattr(report, "other_failure", "") or _why(report):
            self._failures.setdefault(name, f"{name}: {why}")
            self._completed.discard(name)
            self.uncollected = self.uncollected or when == "collect"
        elif when == "call" and hasattr(report, "conformance"):
            self._completed.add(name)
            self._skipped.discard(name)
        elif report.skipped:
            self._skipped.add(name)

    @property
    def completed(self) -> int:
        """The number of tests that reported an outcome."""
        return len(self._completed)

    @property
    def skipped(self) -> int:
        """The number of tests that something other than the kit skipped."""
        return len(self._skipped)

    def unreported(self, names: Iterable[str]) -> int:
        """The number of these tests that no report is about."""
        return len({*names} - self._completed - self._skipped - {*self._failures})

    @property
    def fault(self) -> str:
        """One sentence on what failed for another reason than a finding; empty if nothing did."""
        if not self._failures:
            return ""
        number, first = len(self._failures), next(iter(self._failures.values()))
        return f"{counted(number, 'test')} failed for another reason than a finding, such as {first}"


def agrees(status: str, report: Any) -> bool:
    """True if pytest reports a test as its outcome is reported."""
    return bool(report.outcome == PYTEST_OUTCOMES.get(status, "passed"))


def _why(report: Any) -> str:
    """Why a test or file failed, in one line; empty if it did not, or if it reported a finding."""
    if report.outcome != "failed" or getattr(report, "conformance", "") == "failed":
        return ""
    lines = [line.strip() for line in report.longreprtext.splitlines() if line.strip()]
    return lines[-1] if lines else f"its {getattr(report, 'when', 'collection')} failed"
