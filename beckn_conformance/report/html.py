"""Writes report.html: one page with everything about a run, which needs no network, other file or script."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..judging.outcome import worded
from ..specification.specification import Specification
from ..untrusted.text import printable
from . import transcripts
from .durations import histograms
from .evidence import MOST
from .excerpt import Line
from .findings import LEVELS, FindingView, views
from .states import diagrams

FOLDER = Path(__file__).resolve().parent
MOST_TESTS = 3
MOST_RERUN = 12
"""Tests that one command runs again."""
TEST = " --pyargs "
"""Stands before the name of a test in a command."""

STATUSES = ("failed", "warned", "inconclusive", "passed", "waived", "not-applicable", "untested")
"""Statuses of requirements, worst first."""
WORDS = {
    "conformant": "Conformant",
    "non-conformant": "Non-conformant",
    "inconclusive": "Inconclusive",
    "incomplete": "Incomplete",
}
BASES = {
    "stated": "the page states it",
    "example": "an example on the page shows it",
    "derived": "it follows from common sense, security or a neighbouring page",
    "necessary": "no reading of the page could allow anything else",
}


@dataclass(frozen=True, slots=True)
class Section:
    """The requirements of one section of the specification."""

    name: str
    title: str
    requirements: tuple[Mapping[str, Any], ...]


WAIVER_STATES = {
    "stale": "what it excuses is no longer found; remove it",
    "expired": "it no longer applies",
    "idle": "what it excuses was not tested",
}


@dataclass(frozen=True, slots=True)
class FindingOnPage:
    """A finding with its evidence."""

    view: FindingView
    requirement: Mapping[str, Any]
    """The requirement with what the catalogue says of it."""
    sent: Sequence[Line]
    """Lines of the request around the member concerned."""
    received: Sequence[Line]
    exchanges: Sequence[Mapping[str, Any]]
    """Exchanges that show it, in full."""


def page(report: Mapping[str, Any], specification: Specification, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of a masked report; ``rows`` are the exchanges of the record that it shows, by id."""
    requirements = {row["id"]: _requirement(row, specification) for row in report["requirements"]}
    findings = [_finding(view, requirements, report, specification, rows) for view in views(report)]
    return template().render(
        report=report,
        findings=findings,
        doubts=[row for row in requirements.values() if row["status"] == "inconclusive"],
        sections=_sections(requirements.values(), specification),
        next=_next(report),
        **_head(report),
        **_choices(requirements.values(), specification),
        **_pictures(report, {finding.view.id: finding.view.status for finding in findings}, specification),
        samples=[
            (transcripts.full(row), [r["id"] for r in requirements.values() if r["sample"] == id_])
            for id_, row in rows.items()
            if any(r["sample"] == id_ for r in requirements.values())
        ],
        configuration=flat(report["configuration"]),
        waiver_states=WAIVER_STATES,
        bases=BASES,
        most_tests=MOST_TESTS,
    )


def _head(report: Mapping[str, Any]) -> dict[str, Any]:
    """Style, script and the policy that allows only them; the verdict, and the number of requirements by status."""
    css, js = part("page.css"), part("copy.js") + part("page.js")
    waived = report["waived"] and report["verdict"] == "conformant"
    return {
        "css": Markup(css),
        "js": Markup(js),
        "policy": f"default-src 'none'; style-src 'sha256-{digest(css)}'; script-src 'sha256-{digest(js)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "word": worded(WORDS[report["verdict"]], report["waived"]),
        "tone": "warned" if waived else report["verdict"],
        "started": day(report["run"]["started"]),
        "counts": [(status, count) for status in STATUSES if (count := report["summary"].get(status))],
    }


def _choices(requirements: Collection[Mapping[str, Any]], specification: Specification) -> dict[str, Any]:
    """Collects the choices of the filter, and the readings that requirements cite."""
    cited = {number for row in requirements for number in row["reading"]}
    return {
        "statuses": [status for status in STATUSES if any(row["status"] == status for row in requirements)],
        "levels": [level for level in LEVELS if any(row["level"] == level for row in requirements)],
        "readings": [reading for number, reading in specification.readings.items() if number in cited],
    }


def _pictures(report: Mapping[str, Any], statuses: Mapping[str, str], specification: Specification) -> dict[str, Any]:
    """The diagrams and histograms; ``statuses`` are those of the findings, by id."""
    statistics = report["statistics"]
    operations = [operation.action for operation in specification.operations]
    return {
        "operations": operations,
        "diagrams": diagrams(statistics["transitions"], report["configuration"], statuses, specification),
        "histograms": histograms(statistics["answer_times"], operations),
    }


@lru_cache(maxsize=4)
def part(name: str) -> str:
    """Reads a file that pages are made of."""
    return (FOLDER / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """The digest by which a content security policy allows a style or script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def template() -> jinja2.Template:
    """The empty page. Compiling it takes longer than filling it in."""
    return environment().from_string(part("page.html"))


def environment() -> jinja2.Environment:
    """Fills in pages. Every value is text, and never markup."""
    return jinja2.Environment(
        autoescape=True, finalize=_shown, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _shown(value: Any) -> Any:
    """Escapes characters that could hide or reorder text, or cannot be encoded."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(map(printable, value.split("\n")))
    return value


def day(text: str, time: str = "%H:%M") -> str:
    """Formats a moment for a person: 4 May 2026, 10:00 UTC."""
    moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    return f"{moment.day} {moment:%B %Y, {time}} UTC"


def _requirement(row: Mapping[str, Any], specification: Specification) -> dict[str, Any]:
    """Adds what the catalogue says to a requirement of the report."""
    known = specification.requirements.get(row["id"])
    concerned = {finding["operation"] for finding in row["findings"]}
    operations = known.operations if known else tuple(sorted(concerned))
    return {
        **row,
        "text": known.text if known else row["title"],
        "operations": operations,
        "readings": [specification.readings[n] for n in row["reading"] if n in specification.readings],
        # A finding for one operation says nothing about the others.
        "cells": {
            operation: row["status"] if not concerned or operation in concerned else "unfound"
            for operation in operations
        },
    }


def _finding(
    view: FindingView,
    requirements: Mapping[str, Mapping[str, Any]],
    report: Mapping[str, Any],
    specification: Specification,
    rows: Mapping[str, Mapping[str, Any]],
) -> FindingOnPage:
    evidence = [rows[id_] for id_ in view.finding["exchanges"][:MOST] if id_ in rows]
    sent, received = transcripts.sides(evidence[0], view.finding, report, specification) if evidence else ([], [])
    exchanges = [transcripts.full(row) for row in evidence]
    return FindingOnPage(view, requirements[view.requirement["id"]], sent, received, exchanges)


def _sections(requirements: Iterable[Mapping[str, Any]], specification: Specification) -> list[Section]:
    """Groups requirements by section: the sections of single operations first, then the others."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in requirements:
        name, _, rest = row["section"].partition(" ")
        if name.endswith(","):
            name = f"{name} {rest.split(' ')[0]}"
        groups.setdefault(name, []).append(row)
    order = {action: place for place, action in enumerate(o.action for o in specification.operations)}
    sections = []
    for name, rows in groups.items():
        counted = Counter(operation for row in rows for operation in row["operations"])
        common = [operation for operation, count in counted.items() if count == max(counted.values())]
        alone = len(common) == 1 and len(name) == 2
        place = order.get(common[0], len(order)) if alone else len(order)
        # A section about one operation carries its name.
        title = common[0] if alone else "several operations" if name.startswith("§") else ""
        sections.append((place, not name.startswith("§"), Section(name, title, tuple(rows))))
    return [section for *_, section in sorted(sections, key=lambda item: item[:2])]


def _next(report: Mapping[str, Any]) -> dict[str, str]:
    """Advises what to do next: a sentence, and a command if there is one."""
    url = shlex.quote(report["gateway"]["url"])
    failed = [view.finding for view in views(report) if view.status == "failed"]
    if failed:
        text = "Each finding below shows what was sent, expected and observed."
        # The command of a finding ends with the name of the test that found it.
        tests = [*dict.fromkeys(filter(None, (finding["replay"].partition(TEST)[2] for finding in failed)))]
        if not tests:
            return {"text": text, "command": ""}
        what = "the tests that found them" if len(tests) <= MOST_RERUN else f"{MOST_RERUN} of the tests that found them"
        command = f"beckn-conformance run {url}{TEST}{' '.join(tests[:MOST_RERUN])}"
        return {"text": f"{text} To run again {what}:", "command": command}
    if report["run"]["reason"]:
        return {"text": f"The gateway could not be judged: {report['run']['reason']}", "command": ""}
    if report["verdict"] == "incomplete":
        return {
            "text": "Only a part of the suite was run. For a verdict run everything:",
            "command": f"beckn-conformance run {url}",
        }
    if report["verdict"] == "inconclusive":
        return {
            "text": "Something that had to be tested could not be; the reason stands beside each requirement below.",
            "command": "",
        }
    return {"text": "", "command": ""}


def flat(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The configuration as written, one line per key."""
    return [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in configuration.items()
        if key != "waivers"
    ]
