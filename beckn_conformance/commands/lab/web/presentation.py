"""Puts rows of the laboratory into the words, shapes and pictures of its pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from .... import __version__
from ....judging.outcome import worded
from ....messages.text import counted
from ....report import findings, html
from ...fleet import index
from ..store import Run

FOLDER = Path(__file__).resolve().parent
MOST_FINDINGS = 100
"""Findings that the page of a run shows; the report has all."""


@lru_cache(maxsize=1)
def page() -> jinja2.Template:
    """The frame of all pages. Every value in it is text, and never markup."""
    made = html.environment()
    made.loader = jinja2.FileSystemLoader(FOLDER / "templates")
    made.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    # Attributes are written in templates only.
    made.globals.update(
        attributes=lambda text: Markup(f" {text}"),
        day=day,
        flat=html.flat,
        kit=__version__,
        picture=picture,
        verdict_words=verdict_words,
        tone=tone,
        version=hashlib.sha256((style() + script()).encode()).hexdigest()[:12],
        worded=worded,
    )
    return made.get_template("base.html")


def style() -> str:
    """The style of the pages: that of reports and fleets, and what is the laboratory's own."""
    parts = (index.FOLDER / "index.css", FOLDER / "lab.css")
    return html.part("page.css") + "".join(part.read_text("utf-8") for part in parts)


def script() -> str:
    """The script of the pages: the copy buttons of reports, and what is the laboratory's own."""
    return html.part("copy.js") + (FOLDER / "lab.js").read_text("utf-8")


def day(text: str) -> str:
    """Formats a moment for a person, to the second: two runs of one minute are told apart."""
    return html.day(text, "%H:%M:%S")


def tone(run: Run) -> str:
    """The class of colour and shape of a run."""
    if not run.verdict:
        return "untested"
    return "warned" if run.waived and run.verdict == "conformant" else run.verdict


def verdict_words(run: Run) -> str:
    """The verdict of a run in words; its state as long as it has none."""
    if not run.verdict:
        return "no report" if run.state == "ended" else run.state
    return f"{run.verdict}, {run.waived} waived" if run.waived else run.verdict


def picture(runs: Sequence[Run], *, small: bool = False) -> Mapping[str, Any]:
    """Draws runs, oldest first, as marks along a line; the height is the number of requirements that failed."""
    step, height, size = (15, 24, 4) if small else (38, 84, 7)
    shown = runs[-8:] if small else runs
    most = max((run.failed for run in shown), default=0)
    # Above the marks of a large picture stand their numbers.
    margin, top = size + 3, size + 3 if small else size + 18
    marks = [
        (run, margin + place * step, height - margin - round((height - margin - top) * run.failed / max(most, 1)))
        for place, run in enumerate(shown)
    ]
    told = ", ".join(f"{verdict_words(run)} with {run.failed} failed" for run in shown)
    return {
        "width": 2 * margin + step * (len(shown) - 1),
        "height": height,
        "size": size,
        "marks": marks,
        "label": f"{counted(len(shown), 'run')}, oldest first: {told}",
        "numbered": not small,
    }


def finding_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The findings of a report, worst first, as the page of a run shows them."""
    return [
        {
            **{name: view.finding[name] for name in ("message", "sent", "expected")},
            "id": view.id,
            "status": view.status,
            "requirement": view.requirement["id"],
            "level": view.requirement["level"],
            "place": view.place,
            "observed": dict(view.differences)["observed"],
            "again": view.again(None),
        }
        for view in findings.views(report)
    ]


def live_row(row: Mapping[str, Any]) -> dict[str, str]:
    """A finding of a run that is under way, in the same form."""
    names = ("id", "requirement", "level", "message", "sent", "expected", "observed")
    return {
        **{name: str(row.get(name, "")) for name in names},
        "status": "failed" if row.get("fails") else "warned",
        "place": f"{row.get('operation', '')} {row.get('pointer', '')}".strip(),
        "again": "",
    }
