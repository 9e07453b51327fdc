"""Adds to Allure results (--alluredir) what a test is about, and its findings. Loaded only on demand."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import allure
import pytest

from ..judging.finding import Finding
from ..judging.tally import Found
from ..record.reader import Record
from ..record.rows import text_of
from ..report.document import verdict_text
from ..report.findings import FindingView
from ..run.recorded import RecordedScenarios
from ..specification.catalogue import Requirement
from ..untrusted.text import printable
from ..untrusted.writing import replaced

SEVERITIES = {
    "MUST": allure.severity_level.CRITICAL,
    "SHOULD": allure.severity_level.NORMAL,
    "MAY": allure.severity_level.MINOR,
}
"""By level, gravest first."""
INDENTED = 16 * 1024
"""Characters of the longest content that is indented. Deep nesting would make longer ones huge."""
LONGEST = 64 * 1024
"""Characters of an attachment. The record has longer contents."""


class _Red(AssertionError):
    """Ends a step of Allure as failed."""


class Results:
    """Adds to the results of a run, which allure-pytest makes and writes.

    ``opened`` opens what this process records as it goes, which begins with the first call. In it, secrets are masked.
    """

    def __init__(self, folder: Path, opened: Callable[[], Record]) -> None:
        self._folder = folder
        self._opened = opened
        self._earlier = {path.name for path in folder.glob("*")}

    @cached_property
    def _record(self) -> Record:
        return self._opened()

    @cached_property
    def _scenarios(self) -> RecordedScenarios:
        return RecordedScenarios(self._record)

    def describe(self, item: pytest.Item, requirements: Sequence[Requirement]) -> None:
        """Sets title, labels and description of the running test."""
        about = (getattr(getattr(item, "function", None), "__doc__", "") or item.name).strip()
        first = requirements[0]
        case, parameters = "", {}
        if hasattr(item, "callspec"):
            case, parameters = item.callspec.id.removeprefix(f"{first.id}:"), item.callspec.params
        allure.dynamic.title(f"{first.id}: {case}" if case else about.rstrip("."))
        for name, value in parameters.items():
            if not isinstance(value, str | int):
                allure.dynamic.parameter(name, case)
        rows = [f"- **{r.id}** ({r.level}, {r.section}; {', '.join(r.reading)}): {r.text}" for r in requirements]
        allure.dynamic.description("\n".join([about, "", *rows]))
        # Reports group by suite or feature. Both are sections of the specification.
        for outer, inner in (("parentSuite", "suite"), ("feature", "story")):
            allure.dynamic.label(outer, first.section)
            allure.dynamic.label(inner, f"{first.id}: {first.title}")
        levels = {requirement.level for requirement in requirements}
        allure.dynamic.severity(next(severity for level, severity in SEVERITIES.items() if level in levels))
        allure.dynamic.tag(*(requirement.id for requirement in requirements))
        for requirement in requirements:
            allure.dynamic.label("requirement", requirement.id)
            allure.dynamic.label("section", requirement.section)

    def attach(self, status: str, findings: Sequence[Finding], mask: Callable[[str], str]) -> None:
        """Attaches each finding of the running test as a step: the difference, the exchange and how to see it again.

        Allure has no status for *warned* and *waived*. Such a test has passed, with a tag that says so.
        """
        if status in ("warned", "waived", "inconclusive"):
            allure.dynamic.tag(status)
        found = [Found(finding, finding.pointer) for finding in findings]
        if found:
            self._scenarios.complete(found)
        for view in (FindingView(one.to_json(), {}) for one in found):
            with contextlib.suppress(_Red), allure.step(printable(mask(view.title))):
                self._show(view, mask)
                if status == "failed":
                    # A step is red only if something was raised in it.
                    raise _Red(printable(mask(view.finding["observed"])))

    def _show(self, view: FindingView, mask: Callable[[str], str]) -> None:
        rows = (("where", view.place), *view.differences)
        self._put("sent, expected, observed", "\n".join(f"{name:10}{printable(mask(text))}" for name, text in rows))
        row = self._record.exchanges.row(view.finding["exchanges"][0])
        self._put("request", _request(row["request"]))
        self._put("reply", _reply(row))
        if view.finding["steps"]:
            self._put("steps", "\n".join(view.finding["steps"]))
        self._put("again (curl)", view.finding["script"] or view.finding["curl"])

    def mask_again(self, mask: Callable[[str], str]) -> None:
        """Masks secrets in the results of this run that the process that wrote them did not know."""
        for path in self._folder.glob("*-*.*"):
            if path.name in self._earlier or not path.is_file() or path.is_symlink():
                continue
            # Other tests may attach pictures.
            with contextlib.suppress(UnicodeDecodeError):
                text = path.read_text(encoding="utf-8")
                masked = mask(text)
                if masked != text:
                    with replaced(path) as file:
                        file.write(masked)

    def conclude(self, report: Mapping[str, Any]) -> None:
        """Writes the facts about the whole run for the overview of a report."""
        facts = {
            "gateway": report["gateway"]["url"],
            "name": report["gateway"]["name"],
            "verdict": f"{verdict_text(report)} ({report['class']})",
            "kit": report["kit"]["version"],
            "specification": report["specification"]["digest"][:12],
            "seed": str(report["run"]["seed"]),
        }
        lines = [f"{name}={printable(value)}".replace("\\", "\\\\") for name, value in facts.items() if value]
        with replaced(self._folder / "environment.properties") as file:
            file.write("\n".join(lines) + "\n")

    @staticmethod
    def _put(name: str, text: str) -> None:
        lines = "\n".join(printable(line) for line in text.split("\n"))
        if len(lines) > LONGEST:
            lines = f"{lines[:LONGEST]}\n… ({len(lines)} characters; all of it is in exchanges.jsonl)"
        allure.attach(lines, name, allure.attachment_type.TEXT)

    def close(self) -> None:
        """Closes the record, if it was opened."""
        if "_record" in self.__dict__:
            self._record.close()


def _request(request: Mapping[str, Any]) -> str:
    return f"{request['method']} {request['url']}\n{_message(request)}"


def _reply(row: Mapping[str, Any]) -> str:
    reply = row["reply"]
    if reply is None:
        return f"none: {row['trouble']}"
    return f"{reply['status']}\n{_message(reply)}"


def _message(part: Mapping[str, Any]) -> str:
    headers = "".join(f"{printable(name)}: {printable(value)}\n" for name, value in part["headers"])
    text = text_of(part)
    if len(text) <= INDENTED:
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return f"{headers}\n{text}"
