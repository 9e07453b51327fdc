"""Writes summary.md: verdict, counts and findings for a pull request, in Markdown as GitHub renders it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..untrusted.text import printable
from . import document
from .findings import FindingView, views

MOST = 60_000
"""Bytes of a summary. A comment on GitHub holds 65,536."""
LONGEST = 2_000
"""Characters of one line about a finding. Longer ones are only in report.json."""
SHORT = 200
"""Characters of a text within a line."""
HARMLESS = " -/,"
"""Punctuation without a meaning in Markdown or HTML, within a line."""
OPEN = 20
"""Inconclusive requirements that are listed."""
SIGNS = {"conformant": "✅", "non-conformant": "❌", "inconclusive": "❔", "incomplete": "➖"}
WAIVED = "⚠️"
"""Sign of a verdict that needs waivers."""
JOB_SUMMARY = "GITHUB_STEP_SUMMARY"


def summary(report: Mapping[str, Any]) -> str:
    """The report as Markdown, in which nothing that a gateway said can be more than text.

    Such text stands in code blocks that it cannot close, or within HTML elements with every special character escaped.
    """
    gateway, run = report["gateway"], report["run"]
    named = [_code(gateway["url"])] + [_code(gateway[key]) for key in ("name", "vendor", "version") if gateway[key]]
    sign = WAIVED if report["waived"] and report["verdict"] == "conformant" else SIGNS[report["verdict"]]
    parts = [
        f"## {sign} Beckn gateway registration: {document.verdict_text(report)} ({report['class']})\n",
        f"<p>Gateway {' '.join(named)}</p>\n",
        _counts(report["summary"]),
        f"{run['exchanges']} exchanges in {run['seconds']:.1f} s, seed {run['seed']}, "
        f"kit {_escaped(report['kit']['version'])}\n",
    ]
    if run["reason"]:
        parts.append(f"<p>The gateway gives no usable answer: {_code(run['reason'])}</p>\n")
    tail = [*_inconclusive(report)]
    room = MOST - sum(len(part.encode()) + 1 for part in parts + tail) - 100
    left = 0
    for view in views(report):
        part = "" if left else _fitting(view, room)
        if part:
            parts.append(part)
            room -= len(part.encode()) + 1
        else:
            left += 1
    if left:
        parts.append(f"… and {left} more findings in `report.json`\n")
    return "\n".join(parts + tail)


def append_to_job_summary(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Appends to the summary of the GitHub job, if one runs the kit; returns why that failed, or an empty text."""
    path = environment.get(JOB_SUMMARY)
    if not path:
        return ""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text + "\n")
    except (OSError, ValueError) as error:
        return f"the summary could not be appended to {JOB_SUMMARY}: {error}"
    return ""


def _counts(summary: Mapping[str, int]) -> str:
    counts = {status: str(count) for status, count in summary.items() if count}
    rows = (counts.keys(), ["---"] * len(counts), counts.values())
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _fitting(view: FindingView, room: int) -> str:
    """A finding in at most ``room`` bytes: whole, or as one line, or not at all."""
    headline = _headline(view)
    forms = (_finding(view, headline), f"<p>{headline}</p>\n")
    return next((text for text in forms if len(text.encode()) + 1 <= room), "")


def _headline(view: FindingView) -> str:
    finding, requirement = view.finding, view.requirement
    return (
        f"<b>{_escaped(requirement['id'])}</b> {requirement['level']}, {view.status}: "
        f"{_code(view.place)} {_code(finding['message'])}"
    )


def _finding(view: FindingView, headline: str) -> str:
    rows = (("section", view.requirement["section"]), *view.rows(Path()), ("test", view.finding["replay"]))
    shown = ((name, printable(text) if len(text) <= LONGEST else "(see report.json)") for name, text in rows if text)
    block = "\n".join(f"{name:9} {text}" for name, text in shown)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block)), default=0))
    return f"<details><summary>{headline}</summary>\n\n{fence}text\n{block}\n{fence}\n\n</details>\n"


def _inconclusive(report: Mapping[str, Any]) -> Iterator[str]:
    rows = [r for r in report["requirements"] if r["status"] == "inconclusive"]
    if not rows or report["run"]["reason"]:
        return
    items = "".join(f"<li>{_escaped(r['id'])} {r['level']} {_code(r['reason'])}</li>" for r in rows[:OPEN])
    more = f"<li>… {len(rows) - OPEN} more in report.json</li>" if len(rows) > OPEN else ""
    yield f"<details><summary>inconclusive: {len(rows)}</summary><ul>{items}{more}</ul></details>\n"


def _code(text: str) -> str:
    """A text as code, in which GitHub looks for no mentions, issues or addresses."""
    return f"<code>{_escaped(text if len(text) <= SHORT else f'{text[:SHORT]}…')}</code>"


def _escaped(text: str) -> str:
    """Escapes every character with a meaning in Markdown or HTML."""
    return "".join(c if c.isalnum() or c in HARMLESS or ord(c) > 127 else f"&#{ord(c)};" for c in printable(text))
