"""The pages of runs: start, follow, read, compare, replay and certify them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from ....report import transcripts
from ..refusals import Invalid, NotFound
from ..store import Run
from . import downloads, live, presentation
from .pages import failed, show
from .visits import Visit

CHANGES = {
    "new": "New",
    "worse": "Worse",
    "changed": "Changed",
    "waived": "Waived",
    "better": "Better",
    "fixed": "Fixed",
}
"""Kinds of changes, worst first."""
EMPTY = dict.fromkeys(("id", "requirement", "level", "message", "place", "sent", "expected", "observed"), "")
"""A finding for a script to fill in."""


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def new_run(visit: Visit) -> Response:
    id_ = visit.part("id")
    found = visit.laboratory.gateways.get(visit.account, id_).gateway
    if visit.request.method == "GET":
        values = {"class": "core", "depth": "25", "seed": ""}
        if like := visit.query("like"):
            run = visit.laboratory.runs.get(visit.account, like)
            values = {"class": run.class_, "depth": str(run.depth), "seed": "" if run.seed is None else str(run.seed)}
        return show(visit, "run_new.html", gateway=found, values=values, errors={}, first="")
    values = {name: visit.text(name).strip() for name in ("class", "depth", "seed")}
    try:
        run = visit.laboratory.runs.start(visit.account, id_, **wanted(values))
    except Invalid as error:
        return failed(visit, "run_new.html", error.fields, gateway=found, values=values)
    return _to(f"/runs/{run.id}")


def wanted(values: Mapping[str, str]) -> dict[str, Any]:
    """The options of a run from texts. Raises Invalid."""
    errors = {}
    if values["class"] not in ("", "core", "strict"):
        errors["class"] = "core or strict"
    for name in ("depth", "seed"):
        if values[name] and not (values[name].isascii() and values[name].isdecimal() and len(values[name]) < 12):
            errors[name] = "a whole number is needed"
    if errors:
        raise Invalid(errors)
    return {
        "strict": values["class"] == "strict",
        "depth": int(values["depth"] or 25),
        "seed": int(values["seed"]) if values["seed"] else None,
    }


def run(visit: Visit) -> Response:
    laboratory, id_ = visit.laboratory, visit.part("id")
    found = laboratory.runs.get(visit.account, id_)
    gateway = laboratory.gateways.get(visit.account, found.gateway).gateway if found.gateway else None
    folder = laboratory.runs.folder(visit.account, id_)
    others = [other for other in laboratory.runs.list(visit.account, found.gateway) if other.verdict] if gateway else []
    return show(
        visit,
        "run.html",
        run=found,
        gateway=gateway,
        name=gateway.name if gateway else found.url,
        title=presentation.title(found),
        others=[other for other in others if other.id != id_],
        files=downloads.listed(folder) if found.verdict else [],
        empty={**EMPTY, "status": "failed"},
        cancelled=bool(visit.query("cancelled")),
        may_certify=visit.account.officer and laboratory.reports.certifies,
        certifies=laboratory.reports.certifies,
        **_under_way(visit, found),
        **_judged(visit, found),
    )


def _under_way(visit: Visit, found: Run) -> dict[str, Any]:
    """How far a run is."""
    runs = visit.laboratory.runs
    if not found.under_way:
        return {"progress": live.Progress(), "place": 0}
    return {
        "progress": live.progress(runs.progress(visit.account, found.id)),
        "place": runs.place(visit.account, found.id) if found.state == "queued" else 0,
    }


def _judged(visit: Visit, found: Run) -> dict[str, Any]:
    """The findings of a run: those of its report, or those that it has so far."""
    runs = visit.laboratory.runs
    if not found.verdict:
        rows = [*live.progress(runs.progress(visit.account, found.id)).findings.values()] if found.under_way else []
        return {"findings": rows, "total": len(rows), "counts": [], "why": found.reason}
    report = visit.laboratory.reports.report(visit.account, found.id)
    rows = presentation.finding_rows(report)
    return {
        "findings": rows[: presentation.MOST_FINDINGS],
        "total": len(rows),
        "why": found.reason or report["run"]["reason"],
        "counts": [(status, count) for status, count in report["summary"].items() if count],
    }


def events(visit: Visit) -> Response:
    """The progress of a run, as it comes; a browser that was cut off goes on where it was."""
    runs = visit.laboratory.runs
    found = runs.get(visit.account, visit.part("id"))
    since = visit.request.headers.get("last-event-id") or visit.query("from") or "0"
    offset = int(since) if since.isascii() and since.isdecimal() and len(since) < 16 else 0
    state = visit.query("state") or found.state
    return live.stream(runs, visit.account, found, offset, state, visit.over)


def cancel(visit: Visit) -> Response:
    found = visit.laboratory.runs.cancel(visit.account, visit.part("id"))
    return _to(f"/runs/{found.id}{'?cancelled=1' if found.under_way else ''}")


def remove(visit: Visit) -> Response:
    found = visit.laboratory.runs.get(visit.account, visit.part("id"))
    visit.laboratory.runs.remove(visit.account, found.id)
    return _to(f"/gateways/{found.gateway}" if found.gateway else "/judge")


def report(visit: Visit) -> Response:
    return downloads.report(visit.laboratory.runs.folder(visit.account, visit.part("id")))


def file(visit: Visit) -> Response:
    return downloads.file(visit.laboratory.runs.folder(visit.account, visit.part("id")), visit.part("name"))


def packed(visit: Visit) -> Response:
    id_ = visit.part("id")
    return downloads.packed(visit.laboratory.runs.folder(visit.account, id_), f"run-{id_}.zip")


def replay(visit: Visit) -> Response:
    id_, finding = visit.part("id"), visit.text("finding")
    found = visit.laboratory.runs.get(visit.account, id_)
    resent = visit.laboratory.reports.replay(visit.account, id_, finding)
    exchanges = [transcripts.full(row) for row in resent["exchanges"]]
    tone, title = {
        True: ("non-conformant", "It still holds"),
        False: ("conformant", "It is not seen again"),
        None: ("inconclusive", "That cannot be said"),
    }[resent["holds"]]
    return show(
        visit,
        "replay.html",
        run=found,
        finding=finding,
        tone=tone,
        title=title,
        text=resent["text"],
        exchanges=exchanges,
    )


def certify(visit: Visit) -> Response:
    id_ = visit.part("id")
    visit.laboratory.reports.certify(visit.account, id_, days=days(visit))
    return _to(f"/runs/{id_}#certificate")


def days(visit: Visit) -> int:
    """How long a certificate is to be valid. Raises Invalid."""
    text = visit.text("days").strip() or "365"
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Invalid({"days": "a number of days is needed"})
    return int(text)


def comparison(visit: Visit) -> Response:
    runs = [run for run in visit.laboratory.runs.list(visit.account) if run.verdict]
    chosen = {side: visit.query(side) for side in ("old", "new")}
    names = {row.gateway.id: row.gateway.name for row in visit.laboratory.gateways.list(visit.account)}
    common: dict[str, Any] = {"choices": runs, "chosen": chosen, "names": names, "errors": {}, "comparison": None}
    if not any(chosen.values()):
        return show(visit, "compare.html", **common)
    errors: dict[str, str] = {}
    found: dict[str, Run] = {}
    for side, id_ in chosen.items():
        try:
            found[side] = visit.laboratory.runs.get(visit.account, id_)
        except NotFound:
            errors[side] = "choose a run that has a report"
    if errors:
        return show(visit, "compare.html", 422, **{**common, "errors": errors})
    compared = visit.laboratory.reports.compare(visit.account, found["old"].id, found["new"].id)
    groups = [(kind, name, [c for c in compared.changes if c.kind == kind]) for kind, name in CHANGES.items()]
    return show(
        visit, "compare.html", **{**common, "comparison": compared, **found, "groups": [g for g in groups if g[2]]}
    )
