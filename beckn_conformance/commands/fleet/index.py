"""Writes index.html: one page over the reports of a fleet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ...judging.outcome import worded
from ...report import html
from ...specification.specification import Specification
from ...untrusted.writing import replaced
from .results import VERDICTS, FleetResults, with_waivers

NAME = "index.html"
FOLDER = Path(__file__).resolve().parent
WORDS = {**html.WORDS, "unfinished": "Unfinished", "pending": "Pending"}
MOST_RUNS = 12
"""Most recent runs that are shown."""
WIDTH = 120
"""Length of the longest bar."""


def write(results: FleetResults, specification: Specification) -> Path:
    """Writes the page beside the reports; returns its path."""
    path = results.folder / NAME
    with replaced(path) as file:
        file.write(page(results.document, results.history, specification))
    return path


def page(document: Mapping[str, Any], history: list[dict[str, Any]], specification: Specification) -> str:
    """Makes the page of the content of fleet.json; ``history`` has a line for each run, this one last."""
    css = html.part("page.css") + (FOLDER / "index.css").read_text(encoding="utf-8")
    rows = sorted(document["gateways"], key=_badness)
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    return _template().render(
        document=document,
        css=Markup(css),
        policy=f"default-src 'none'; style-src 'sha256-{html.digest(css)}'; img-src data:; base-uri 'none'; "
        "form-action 'none'",
        words=WORDS,
        worst=next((verdict for verdict in VERDICTS if counts[verdict]), "pending"),
        counts=[(verdict, count) for verdict, count in counts.items() if count],
        conformant=counts["conformant"],
        with_waivers=with_waivers(rows),
        worded=worded,
        started=html.day(document["started"]),
        rows=rows,
        trend=_trend(rows),
        failing=[*_failing(rows, specification)],
        verdicts=[verdict for verdict in VERDICTS if any(verdict in run["verdicts"] for run in history)],
        runs=[{**run, "day": html.day(run["started"])} for run in reversed(history[-MOST_RUNS:])],
        earlier=max(len(history) - MOST_RUNS, 0),
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    return html.environment().from_string((FOLDER / "index.html").read_text(encoding="utf-8"))


def _badness(row: Mapping[str, Any]) -> tuple[int, int, int, str]:
    return VERDICTS.index(row["verdict"]), -len(row["failed"]), -len(row["warned"]), row["name"].casefold()


def _trend(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Changes since the previous run, in words."""
    judged = [row for row in rows if row["verdict"] != "pending" and row["before"] is not None]
    moved = [row for row in judged if row["before"] != row["verdict"]]
    worse = [row for row in moved if row["before"] == "conformant"]
    better = [row for row in moved if row["verdict"] == "conformant"]
    counts = (
        (len(better), "conformant now and not before"),
        (len(worse), "not conformant now and conformant before"),
        (len(moved) - len(better) - len(worse), "with another verdict otherwise"),
        (len(judged) - len(moved), "with the verdict of before"),
    )
    return [f"{count} {text}" for count, text in counts if count]


def _failing(rows: Iterable[Mapping[str, Any]], specification: Specification) -> list[dict[str, Any]]:
    """The requirements that gateways fail, the most frequent first."""
    by_id: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        for status in ("failed", "warned"):
            for id_ in row[status]:
                by_id.setdefault(id_, {"failed": [], "warned": []})[status].append(row)
    order = {id_: place for place, id_ in enumerate(specification.requirements)}
    ids = sorted(by_id, key=lambda i: (-len(by_id[i]["failed"]), -len(by_id[i]["warned"]), order.get(i, len(order)), i))
    most = max((sum(map(len, found.values())) for found in by_id.values()), default=1)
    failing = []
    for id_ in ids:
        known = specification.requirements.get(id_)
        failed, warned = by_id[id_]["failed"], by_id[id_]["warned"]
        failing.append(
            {
                "id": id_,
                "level": known.level if known else "",
                "title": known.title if known else "",
                "section": known.section if known else "",
                "failed": len(failed),
                "warned": len(warned),
                "bars": (len(failed) * WIDTH // most, len(warned) * WIDTH // most),
                "gateways": [*failed, *warned],
            }
        )
    return failing
