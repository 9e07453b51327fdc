"""report.html: everything a person wants of a run in one file, that needs neither a network nor scripts."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..judging.outcome import worded
from ..messages.json_text import MOST_VALUES
from ..record.rows import text_of
from ..specification.pointer import pattern_of
from ..specification.specification import Specification
from ..untrusted import reading
from ..untrusted.text import printable
from .durations import histograms
from .evidence import MOST
from .excerpt import Line, excerpt
from .states import diagrams

FOLDER = Path(__file__).resolve().parent
LONGEST_CONTENT = 6 * 1024
"""Characters of a content that are shown in full; the record of exchanges has the rest."""
LONGEST_TEXT = 200
"""Characters of a text within a content that is shown in full."""
LONGEST_HEADER = 300
MOST_HEADERS = 40
MOST_TESTS = 3
MOST_RERUN = 12
"""Tests that one command runs again."""
TEST = " --pyargs "
"""Stands before the name of a test in a command."""

STATUSES = ("failed", "warned", "inconclusive", "passed", "waived", "not-applicable", "untested")
"""Those of requirements, worst first."""
WORDS = {
    "conformant": "Conformant",
    "non-conformant": "Not conformant",
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
    """Requirements of one part of the specification."""

    name: str
    title: str
    requirements: tuple[Mapping[str, Any], ...]


WAIVER_STATES = {
    "stale": "what it excuses is no longer found; it can go",
    "expired": "it no longer applies",
    "idle": "what it excuses was not tested",
}


def page(report: Mapping[str, Any], specification: Specification, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of a masked report; ``rows`` are the exchanges that are its evidence, by id, as ``journal.record``
    makes them."""
    css, js = part("page.css"), part("page.js")
    requirements = [_requirement(row, specification) for row in report["requirements"]]
    findings = _findings(requirements, report, specification, rows)
    statuses = {finding["id"]: finding["status"] for finding in findings}
    cited = {number for row in requirements for number in row["reading"]}
    samples = {row["sample"] for row in requirements if row["sample"] in rows}
    sections = _sections(requirements, specification)
    return template().render(
        report=report,
        waiver_states=WAIVER_STATES,
        css=Markup(css),
        js=Markup(js),
        policy="; ".join(
            (
                "default-src 'none'",
                f"style-src 'sha256-{digest(css)}'",
                f"script-src 'sha256-{digest(js)}'",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        word=worded(WORDS[report["verdict"]], report["waived"]),
        tone="warned" if report["waived"] and report["verdict"] == "conformant" else report["verdict"],
        next=_next(report, requirements),
        started=day(report["run"]["started"]),
        counts=[(status, report["summary"].get(status, 0)) for status in STATUSES if report["summary"].get(status)],
        findings=findings,
        doubts=[row for row in requirements if row["status"] == "inconclusive"],
        sections=sections,
        statuses=[status for status in STATUSES if any(row["status"] == status for row in requirements)],
        levels=[level for level in ("MUST", "SHOULD", "MAY") if any(row["level"] == level for row in requirements)],
        operations=[operation.action for operation in specification.operations],
        diagrams=diagrams(report["statistics"]["transitions"], report["configuration"], statuses),
        histograms=histograms(
            report["statistics"]["answer_times"], [operation.action for operation in specification.operations]
        ),
        readings=[reading for number, reading in specification.readings.items() if number in cited],
        samples=[
            (_exchange(rows[id_]), [r["id"] for r in requirements if r["sample"] == id_])
            for id_ in rows
            if id_ in samples
        ],
        configuration=_flat(report["configuration"]),
        bases=BASES,
        most_tests=MOST_TESTS,
    )


@lru_cache(maxsize=4)
def part(name: str) -> str:
    """A file that pages are made of."""
    return (FOLDER / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """By which a content security policy knows a style or a script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def template() -> jinja2.Template:
    """The page without a report; to make it takes longer than to fill it in."""
    return environment().from_string(part("page.html"))


def environment() -> jinja2.Environment:
    """How pages are filled in: whatever is no part of the page is text."""
    return jinja2.Environment(
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """What goes onto the page: texts without characters that could hide something, turn it round or not be encoded."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(printable(line) for line in value.split("\n"))
    return value


def day(text: str) -> str:
    """A moment for a person: 4 May 2026, 10:00 UTC."""
    moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _requirement(row: Mapping[str, Any], specification: Specification) -> dict[str, Any]:
    """A requirement of the report with what the catalogue says of it."""
    known = specification.requirements.get(row["id"])
    concerned = {finding["operation"] for finding in row["findings"]}
    operations = known.operations if known else tuple(sorted(concerned))
    return {
        **row,
        "text": known.text if known else row["title"],
        "operations": operations,
        "readings": [specification.readings[n] for n in row["reading"] if n in specification.readings],
        # A finding at one operation says nothing of the others.
        "cells": {
            operation: row["status"] if not concerned or operation in concerned else "unfound"
            for operation in operations
        },
    }


def _findings(
    requirements: Iterable[Mapping[str, Any]],
    report: Mapping[str, Any],
    specification: Specification,
    rows: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Every finding with its evidence, worst first."""
    worst = {"failed": 0, "warned": 1, "waived": 2}
    found = [
        _finding(finding, requirement, report, specification, rows)
        for requirement in requirements
        for finding in requirement["findings"]
    ]
    # Within the same severity in the order of the specification.
    return sorted(found, key=lambda f: (worst.get(f["status"], 3), f["requirement"]["level"] != "MUST"))


def _finding(
    finding: Mapping[str, Any],
    requirement: Mapping[str, Any],
    report: Mapping[str, Any],
    specification: Specification,
    rows: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    waivers = [
        waiver
        for waiver in report["waivers"]
        if waiver["state"] == "used"
        and waiver["requirement"] == requirement["id"]
        and waiver["pointer"] in (None, finding["pointer"])
    ]
    status = "waived" if waivers else requirement["status"]
    evidence = [rows[id_] for id_ in finding["exchanges"][:MOST] if id_ in rows]
    sent, received = _sides(evidence[0], finding, report, specification) if evidence else ([], [])
    cases = sorted(case.removeprefix(finding["operation"]).strip() for case in finding["cases"])
    return {
        **finding,
        "requirement": requirement,
        "status": status,
        "waivers": waivers,
        "place": finding["pointer"] or "the whole body",
        "cases": [case for case in cases if case],
        "excerpt_sent": sent,
        "excerpt_received": received,
        "evidence": [_exchange(row) for row in evidence],
        "script_name": f"findings/{finding['id']}.sh" if finding["script"] else "",
    }


def _sides(
    row: Mapping[str, Any], finding: Mapping[str, Any], report: Mapping[str, Any], specification: Specification
) -> tuple[list[Line], list[Line]]:
    """Request and reply around the member that a finding is about."""
    pointer: str = finding["pointer"]
    envelope: tuple[str, str] | None = None
    if report["gateway"]["binding"] == "envelope":
        names = report["configuration"].get("envelope") or {}
        envelope = (names.get("header", "header"), names.get("body", "body"))
    request, reply = row["request"], row["reply"]
    fields = {"action", "token", "timestamp"}
    sent = [Line(f"{request['method']} {row['operation']}"), *_side(request, pointer, envelope, fields)]
    if reply is None:
        return sent, [Line(row["trouble"] or "no reply", True)]
    received = [Line(f"HTTP {reply['status']}"), *_side(reply, pointer, envelope, {"action", "message"})]
    # What the page never asks for in a request is not missing there.
    members = (
        {member.pointer for member in specification.members(row["operation"])} if _known(row, specification) else ()
    )
    if pattern_of(pointer) not in members:
        sent = [line for line in sent if not (line.marked and line.text.endswith(": not there"))]
    return sent, received


def _known(row: Mapping[str, Any], specification: Specification) -> bool:
    return any(operation.action == row["operation"] for operation in specification.operations)


def _side(part: Mapping[str, Any], pointer: str, envelope: tuple[str, str] | None, fields: set[str]) -> list[Line]:
    """Header members and body of one message; the one at the pointer is marked."""
    value = _json(text_of(part))
    header: list[tuple[str, Any]] = [(k, v) for k, v in part["headers"] if k.casefold() in fields]
    if envelope is not None and isinstance(value, dict):
        members = {key.casefold(): child for key, child in value.items()}
        inner = members.get(envelope[0].casefold())
        header = list(inner.items()) if isinstance(inner, dict) else []
        value = members.get(envelope[1].casefold())
    wanted = pointer.removeprefix("header:").casefold() if pointer.startswith("header:") else None
    lines = [
        Line(f"{name}: {_cut(text if isinstance(text, str) else json.dumps(text), 80)}", name.casefold() == wanted)
        for name, text in header
    ]
    if value is None:
        text = _cut(text_of(part), 600)
        return [*lines, *map(Line, text.split("\n"))] if text else lines
    return [*lines, *excerpt(value, "" if wanted is not None else pointer)]


def _exchange(row: Mapping[str, Any]) -> dict[str, Any]:
    """An exchange as it is shown in full."""
    parts = {
        name: None
        if row[name] is None
        else {
            **row[name],
            "headers": [(key, _cut(value, LONGEST_HEADER)) for key, value in row[name]["headers"][:MOST_HEADERS]],
            "content": _cut(_indented(text_of(row[name])), LONGEST_CONTENT),
        }
        for name in ("request", "reply")
    }
    return {**row, **parts, "milliseconds": f"{row['seconds'] * 1000:.1f}"}


def _json(content: str) -> Any:
    """The JSON value of a content, or None."""
    try:
        return reading.json_value(content, values=MOST_VALUES, unique=False)
    except (ValueError, RecursionError):
        return None


def _indented(content: str) -> str:
    """JSON over several lines, with long texts cut; anything else as it is."""
    value = _json(content)
    if not isinstance(value, dict | list):
        return content
    try:
        return json.dumps(_with_short_texts(value), ensure_ascii=False, indent=2)
    except RecursionError:
        return content


def _with_short_texts(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value, LONGEST_TEXT)
    if isinstance(value, dict):
        return {_cut(key, LONGEST_TEXT): _with_short_texts(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_short_texts(child) for child in value]
    return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters in all)"


def _sections(requirements: Iterable[Mapping[str, Any]], specification: Specification) -> list[Section]:
    """Requirements by the part of the specification that they are of: those of one operation each, then the rest."""
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
        # The parts of single operations carry its name; of the others the name says which they cover.
        title = common[0] if alone else "several operations" if name.startswith("§") else ""
        sections.append((place, not name.startswith("§"), Section(name, title, tuple(rows))))
    return [section for *_, section in sorted(sections, key=lambda item: item[:2])]


def _next(report: Mapping[str, Any], requirements: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What to do with the verdict: a sentence, and a command where there is one."""
    url = shlex.quote(report["gateway"]["url"])
    failed = [finding for row in requirements if row["status"] == "failed" for finding in row["findings"]]
    if failed:
        text = "Each finding below shows what was sent, expected and observed."
        # Each has the command of the test that found it, which ends with the name of that test.
        tests = [*dict.fromkeys(filter(None, (finding["replay"].partition(TEST)[2] for finding in failed)))]
        if not tests:
            return {"text": text, "command": ""}
        what = (
            "the tests that found them" if len(tests) <= MOST_RERUN else f"{MOST_RERUN} tests that found some of them"
        )
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


def _flat(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was declared, as written, a line for each key."""
    return [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in configuration.items()
        if key != "waivers"
    ]
