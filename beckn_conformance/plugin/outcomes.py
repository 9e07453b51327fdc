"""Reports the outcome of a test to pytest, and through it to JUnit XML and Allure."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..process import crash
from ..record.reader import Record
from ..run.assessment import TestOutcome
from ..run.session import Session
from ..untrusted.text import printable
from .completion import agrees
from .items import ScenarioTest

if TYPE_CHECKING:
    from .allure import Results

OUTCOME: pytest.StashKey[TestOutcome] = pytest.StashKey()


def allure_results(config: pytest.Config, session: Session, worker: str) -> Results | None:
    """The results for --alluredir; None without it. Their module is loaded only then."""
    asked = config.getoption("allure_report_dir", None)
    if not asked:
        return None
    from .allure import Results

    assert session.folder is not None
    opened = functools.partial(Record, session.folder, session.specification, worker=worker)
    return Results(Path(config.invocation_params.dir) / asked, opened)


class Outcomes:
    """Reports the outcomes of tests."""

    def __init__(self, session: Session, allure: Results | None) -> None:
        self._session = session
        self._allure = allure

    def end(self, test: ScenarioTest, outcome: TestOutcome) -> bool:
        """Ends a test with the nearest outcome that pytest has.

        JUnit and Allure have no nearer word for *inconclusive* than a test that was skipped, and none for *warned* and
        *waived* but a test that passed and has findings.
        """
        test.item.stash[OUTCOME] = outcome
        test.item.user_properties += self._properties(test, outcome)
        if self._allure is not None:
            self._allure.attach(outcome.status, outcome.findings, self._session.masker.text)
        text = _printable(outcome.text)
        if outcome.status == "failed":
            pytest.fail(text, pytrace=False)
        if outcome.status == "inconclusive":
            pytest.skip(text)
        return True

    def mark(self, item: pytest.Item, call: pytest.CallInfo[None], report: Any) -> None:
        """Marks the report of one step of a test with its outcome, or with why it failed otherwise."""
        outcome = item.stash.get(OUTCOME, None)
        plays = ScenarioTest.of(item) is not None
        if report.when == "call" and outcome is not None and agrees(outcome.status, report):
            report.conformance = outcome.status
            if outcome.text:
                report.sections.append(("conformance", _printable(outcome.text)))
            if outcome.status == "inconclusive":
                report.longrepr = (str(item.path), item.location[1], call.excinfo.exconly() if call.excinfo else "")
        elif report.failed and call.excinfo is not None:
            error, mask = call.excinfo.value, self._session.masker.text
            if isinstance(error, pytest.fail.Exception) or not plays:
                report.other_failure = printable(" ".join(mask(call.excinfo.exconly()).split()))
            else:
                report.other_failure = crash.report(error, self._session.folder, mask)
            report.longrepr = mask(str(report.longrepr))
        elif report.when == "call" and plays and not report.skipped:
            report.other_failure = "it ended without telling its outcome"

    def _properties(self, test: ScenarioTest, outcome: TestOutcome) -> Iterator[tuple[str, str]]:
        """The properties of a test, for JUnit XML and other readers.

        Each requirement is followed by its level and section, each finding by its pointer.
        """
        yield "conformance", outcome.status
        for name in test.requirements:
            requirement = self._session.specification.requirements[name]
            yield "requirement", name
            yield "level", requirement.level
            yield "section", requirement.section
        for finding in outcome.findings:
            yield "finding", finding.id
            yield "pointer", printable(self._session.masker.text(finding.pointer))


def reasons(reports: Iterable[Any]) -> Iterator[str]:
    """Yields why tests were inconclusive, from their reports."""
    for report in reports:
        yield from (text for title, text in report.sections if title == "conformance")


def _printable(lines: str) -> str:
    return "\n".join(map(printable, lines.split("\n")))
