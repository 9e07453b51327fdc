"""Puts rows of the laboratory into the words, shapes and pictures of its pages."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from .... import __version__
from ....report import findings, html
from ...fleet import index
from ..store import Run
from .form import Field

FOLDER = Path(__file__).resolve().parent
MOST_FINDINGS = 100
"""Findings that the page of a run shows; the report has all."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Who is judged": ("gateway",),
    "Protocol": ("binding", "envelope", "method", "timestamp_zone"),
    "Behaviour": (
        *("verification", "updates", "documents_echo", "status_names", "optional", "values", "settle"),
        *("peers", "clone_within", "policy_update_frequency"),
    ),
    "Access": ("signup_token", "headers", "tls", "proxy", "verification_hook", "registrations"),
    "Limits": ("timeout", "patience", "concurrency", "rate", "hostile"),
    "Report and waivers": ("mask", "waivers"),
}
"""Keys of a declaration by the part of the form that they stand in."""
REST = "Further"


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The templates. Every value in them is text, and never markup."""
    made = html.environment()
    made.loader = jinja2.FileSystemLoader(FOLDER / "templates")
    made.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    # Attributes are written in templates only.
    made.globals.update(
        attributes=lambda text: Markup(f" {text}"),
        day=day,
        kit=__version__,
        picture=picture,
        said=said,
        tone=tone,
        version=version(),
    )
    return made


@lru_cache(maxsize=1)
def style() -> str:
    """The style of the pages: that of reports, and what is the laboratory's own."""
    return html.part("page.css") + (index.FOLDER / "index.css").read_text("utf-8") + _own("lab.css")


@lru_cache(maxsize=1)
def script() -> str:
    """The script of the pages."""
    return _own("lab.js")


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with style and script, so that browsers may keep them."""
    return hashlib.sha256((style() + script()).encode()).hexdigest()[:12]


def _own(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def day(text: str) -> str:
    """Formats a moment for a person, to the second: two runs of one minute are told apart."""
    return html.day(text, "%H:%M:%S")


def tone(run: Run) -> str:
    """The class of colour and shape of a run."""
    if not run.verdict:
        return "untested"
    return "warned" if run.waived and run.verdict == "conformant" else run.verdict


def said(run: Run) -> str:
    """The verdict of a run in words; its state as long as it has none."""
    if not run.verdict:
        return "no report" if run.state == "ended" else run.state
    return f"{run.verdict}, {run.waived} waived" if run.waived else run.verdict


def title(run: Run) -> str:
    """The headline of a run."""
    if run.verdict:
        waived = f", {run.waived} waived" if run.waived else ""
        return f"{html.WORDS[run.verdict]}{waived}"
    return {"queued": "Queued", "running": "Running", "cancelled": "Cancelled"}.get(run.state, "No report")


@dataclass(frozen=True, slots=True)
class Picture:
    """Runs as marks along a line; the height is the number of requirements that failed."""

    width: int
    height: int
    size: int
    """Half the width of a mark."""
    line: str
    marks: Sequence[tuple[Run, int, int]]
    label: str
    numbered: bool


def picture(runs: Sequence[Run], *, small: bool = False) -> Picture:
    """Draws runs, oldest first."""
    step, height, size = (15, 24, 4) if small else (38, 84, 7)
    shown = runs[-8:] if small else runs
    most = max((run.failed for run in shown), default=0)
    # Above the marks of a large picture stand their numbers.
    margin, top = size + 3, size + 3 if small else size + 18
    marks = [
        (run, margin + place * step, height - margin - round((height - margin - top) * run.failed / max(most, 1)))
        for place, run in enumerate(shown)
    ]
    told = ", ".join(f"{said(run)} with {run.failed} failed" for run in shown)
    return Picture(
        2 * margin + step * (len(shown) - 1),
        height,
        size,
        " ".join(f"{x},{y}" for _, x, y in marks),
        marks,
        f"{len(shown)} {'run' if len(shown) == 1 else 'runs'}, oldest first: {told}",
        not small,
    )


def finding_rows(report: Mapping[str, Any], folder: Path | None = None) -> list[dict[str, Any]]:
    """The findings of a report, worst first, as the page of a run shows them."""
    return [
        {
            "id": view.id,
            "status": view.status,
            "requirement": view.requirement["id"],
            "level": view.requirement["level"],
            "message": view.finding["message"],
            "place": f"{view.finding['operation']} {view.place}",
            "sent": view.finding["sent"],
            "expected": view.finding["expected"],
            "observed": dict(view.differences)["observed"],
            "again": view.again(folder),
        }
        for view in findings.views(report)
    ]


def live_row(row: Mapping[str, Any]) -> dict[str, str]:
    """A finding of a run that is under way, in the same form."""
    texts = {key: str(row.get(key, "")) for key in ("id", "requirement", "level", "message", "sent", "expected")}
    return {
        **texts,
        "observed": str(row.get("observed", "")),
        "status": "failed" if row.get("fails") else "warned",
        "place": f"{row.get('operation', '')} {row.get('pointer') or 'the whole body'}",
        "again": "",
    }


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the form of declarations."""

    title: str
    fields: Sequence[Field]
    errors: int
    declared: int

    @property
    def open(self) -> bool:
        return bool(self.errors or self.declared)


def groups(fields: Iterable[Field]) -> list[Group]:
    """Sorts the fields of a declaration into the parts of its form; a key that is new to it goes to the last."""
    of_key = {key: name for name, keys in GROUPS.items() for key in keys}
    sorted_: dict[str, list[Field]] = {name: [] for name in (*GROUPS, REST)}
    for field in fields:
        sorted_[of_key.get(field.name.partition(".")[0], REST)].append(field)
    return [
        Group(name, some, sum(len(errors_of(field)) for field in some), sum(map(_declared, some)))
        for name, some in sorted_.items()
        if some
    ]


def errors_of(field: Field) -> dict[str, str]:
    """The errors at a field and in its rows, by name."""
    own = {field.name: f"{field.label}: {field.error}"} if field.error else {}
    for cell in (cell for row in field.rows for cell in row if cell.error):
        own[cell.name] = f"{field.label}, {cell.label}: {cell.error}"
    return own


def _declared(field: Field) -> bool:
    return bool(field.value or field.stored) or any(_declared(cell) for row in field.rows for cell in row)


def declared_rows(declaration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A declaration without its secrets, one line for each key."""
    return [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in declaration.items()
        if key != "waivers"
    ]


def size(number: int) -> str:
    """A number of bytes for a person."""
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB" if number >= 1e3 else f"{number} B"


def today() -> str:
    """The day in UTC, as waivers write it."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()
