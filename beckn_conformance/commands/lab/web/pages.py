"""The pages of the laboratory. Their forms are carried out by the calls of the API, and come back if one refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ....report import transcripts
from ....report.badge import drawn
from ....untrusted.archive import is_zip
from .. import declarations
from ..accounts import RULE
from ..refusals import Invalid, NotFound, Refused
from ..store import now
from . import calls, downloads, form, live, presentation
from .sessions import form_token
from .visits import (
    ANONYMOUS,
    LOCAL_PATH,
    Handler,
    TooManyAttempts,
    Unauthorized,
    Visit,
    cookie_name,
    cookie_of,
    set_cookie,
    site_of,
)

PLACES = (("/", "Gateways"), ("/compare", "Compare"), ("/judge", "Judge"), ("/verify", "Verify"))
TITLES = {404: "Not found", 403: "Not allowed", 409: "Not possible", 429: "Too many attempts", 503: "Out of order"}
MOST_RECENT = 20
CHANGES = ("new", "worse", "changed", "waived", "better", "fixed")
"""Kinds of changes, worst first."""

Values = Mapping[str, Any]
View = Callable[[Visit], Values]
"""Returns the values that a page shows, perhaps again with the errors of its form."""


class BlankByDefault(dict[str, Any]):
    """Texts of a form by name of their field; empty for a field without any."""

    def __missing__(self, key: str) -> str:
        return ""


def show(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """Makes a page. Its form has ``values`` and ``errors``, on the first of which is the focus."""
    site, officer = visit.site, visit.account.officer
    values = {"values": {}, "errors": {}, **values}
    token = Markup(f'<input type="hidden" name="form_token" value="{escape(form_token(visit.cookie))}">')
    text = presentation.page().render(
        template=template,
        account=visit.account,
        accounts=site.accounts is not None,
        certifies=visit.laboratory.reports.certifies,
        places=(*PLACES, ("/accounts", "Accounts")) if site.accounts and officer else PLACES,
        here=visit.request.url.path,
        base=str(visit.request.base_url).rstrip("/"),
        token=lambda: token,
        first=next(iter(values["errors"]), ""),
        **{name: BlankByDefault(value) if type(value) is dict else value for name, value in values.items()},
    )
    return HTMLResponse(text, status)


def error_page(request: Request, error: Refused) -> Response:
    """The page that says why something was not done."""
    visit = getattr(request.state, "visit", None) or Visit(request, site_of(request), ANONYMOUS)
    response = show(visit, "error.html", error.status, what=TITLES.get(error.status, "Not done"), why=str(error))
    response.headers.update(error.headers)
    return response


def page(template: str, view: View) -> Handler:
    """A page that is only read."""
    return lambda visit: show(visit, template, **view(visit))


def action(does: Callable[[Visit], Any], then: str) -> Handler:
    """A form that leads to another page, whose path may have parts of what was done in it."""
    return lambda visit: _to(then.format(does(visit)))


def form_page(template: str, does: Callable[[Visit], Response], view: View = lambda visit: {}) -> Handler:
    """A page with a form, which is shown again with the errors at its fields."""

    def answer(visit: Visit) -> Response:
        if visit.request.method == "GET":
            return show(visit, template, **view(visit))
        try:
            return does(visit)
        except Invalid as error:
            again = view(replace(visit, errors=error.fields))
            texts = {name: visit.text(name) for name in visit.form}
            return show(visit, template, 422, **{"errors": error.fields, **again, "values": texts})

    return answer


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


# Logging in.


def login(visit: Visit) -> Response:
    """Logs somebody in, whose session then replaces any other."""
    request = visit.request
    to = visit.text("next") or visit.query("next")
    to = to if LOCAL_PATH.fullmatch(to) else "/"
    if visit.site.accounts is None:
        return _to("/")
    if request.method == "GET":
        return show(visit, "login.html", next=to)
    try:
        account = visit.site.with_token(request, visit.text("token"))
    except (Unauthorized, TooManyAttempts) as error:
        again = show(visit, "login.html", error.status, next=to, errors={"token": str(error)})
        again.headers.update(error.headers)
        return again
    visit.site.sessions.end(cookie_of(request))
    response = _to(to)
    set_cookie(request, response, visit.site.sessions.begin(account))
    return response


def logout(visit: Visit) -> Response:
    visit.site.sessions.end(visit.cookie)
    response = _to("/login")
    response.delete_cookie(cookie_name(visit.request), httponly=True, samesite="strict")
    return response


# Gateways.


def _gateways(visit: Visit) -> Values:
    search = visit.query("q").strip()[:200]
    return {"rows": visit.laboratory.gateways.list(visit.account, search), "search": search}


def _gateway(visit: Visit) -> Values:
    laboratory, id_ = visit.laboratory, visit["id"]
    view = laboratory.gateways.get(visit.account, id_)
    return {
        "view": view,
        "gateway": view.gateway,
        "runs": laboratory.runs.list(visit.account, id_),
        "declared": declarations.redacted(laboratory.gateways.declaration(visit.account, id_)),
        "today": now()[:10],
    }


def _declarations(visit: Visit) -> Values:
    """The form of declarations, as they are stored, or as they were sent with these errors."""
    known, id_ = visit.laboratory.gateways, visit["id"]
    found, stored = known.get(visit.account, id_).gateway, known.declaration(visit.account, id_)
    again = declarations.redacted_entry(form.parse(visit.lists, stored)[0], stored) if visit.errors else None
    groups = form.groups(declarations.redacted(stored) if again is None else again, visit.errors)
    named = {name: text for name, text in visit.errors.items() if name in ("", "name", "url")}
    for group in groups:
        named |= group.errors
    return {"gateway": found, "values": found, "groups": groups, "errors": named}


def _declare(visit: Visit) -> Response:
    known, id_ = visit.laboratory.gateways, visit["id"]
    declared, errors = form.parse(visit.lists, known.declaration(visit.account, id_))
    known.edit(visit.account, id_, visit.text("name"), visit.text("url"), declared, errors)
    return _to(f"/gateways/{id_}")


def badge(visit: Visit) -> Response:
    """The latest verdict as a picture, for everybody who knows its address."""
    run = visit.laboratory.gateways.with_badge(visit["badge"]).latest
    said = f"{presentation.verdict_words(run)} ({run.class_})" if run else "not judged yet"
    text = drawn(run.verdict if run else "", said, waived=bool(run and run.waived))
    headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(text, media_type="image/svg+xml", headers=headers)


# Runs.


def _new_run(visit: Visit) -> Values:
    values = {"class": "core", "depth": "25", "seed": ""}
    if like := visit.query("like"):
        run = visit.laboratory.runs.get(visit.account, like)
        values = {"class": run.class_, "depth": str(run.depth), "seed": "" if run.seed is None else str(run.seed)}
    return {"gateway": visit.laboratory.gateways.get(visit.account, visit["id"]).gateway, "values": values}


def _run(visit: Visit) -> Values:
    """A run with its findings: those of its report, or those that it has so far."""
    laboratory, account = visit.laboratory, visit.account
    run = laboratory.runs.get(account, visit["id"])
    gateway = laboratory.gateways.get(account, run.gateway).gateway if run.gateway else None
    known = laboratory.runs.list(account, run.gateway) if gateway else []
    progress = live.progress(laboratory.runs.progress(account, run.id)) if run.under_way else {}
    report = laboratory.reports.report(account, run.id) if run.verdict else None
    findings = presentation.finding_rows(report) if report else progress.get("findings", [])
    return {
        "run": run,
        "gateway": gateway,
        "name": gateway.name if gateway else run.url,
        "why": run.reason or (report["run"]["reason"] if report else ""),
        "counts": [(status, count) for status, count in report["summary"].items() if count] if report else [],
        "findings": findings[: presentation.MOST_FINDINGS] if report else findings,
        "total": len(findings),
        "progress": progress,
        "place": laboratory.runs.place(account, run.id) if run.state == "queued" else 0,
        "cancelled": bool(visit.query("cancelled")),
        "others": [other for other in known if other.verdict and other.id != run.id],
        "files": [*downloads.listed(laboratory.runs.folder(account, run.id))] if report else [],
        "blank": presentation.live_row({}),
    }


def _remove_run(visit: Visit) -> Response:
    run = calls.remove_run(visit)
    return _to(f"/gateways/{run.gateway}" if run.gateway else "/judge")


def _replay(visit: Visit) -> Response:
    run = visit.laboratory.runs.get(visit.account, visit["id"])
    resent = calls.replay_finding(visit)
    exchanges = [transcripts.full(row) for row in resent["exchanges"]]
    return show(visit, "replay.html", run=run, named=visit.text("finding"), resent=resent, exchanges=exchanges)


def comparison(visit: Visit) -> Response:
    """Compares two runs, once they are chosen."""
    runs, account = visit.laboratory.runs, visit.account
    chosen = {side: visit.query(side) for side in ("old", "new")}
    names = {row.gateway.id: row.gateway.name for row in visit.laboratory.gateways.list(account)}
    common: dict[str, Any] = {"choices": [run for run in runs.list(account) if run.verdict], "names": names}
    found: dict[str, Any] = {}
    errors = {}
    for side, id_ in chosen.items() if any(chosen.values()) else ():
        try:
            found[side] = runs.get(account, id_)
        except NotFound:
            errors[side] = "choose a run that has a report"
    if errors or not found:
        return show(visit, "compare.html", 422 if errors else 200, chosen=chosen, errors=errors, result=None, **common)
    result = visit.laboratory.reports.compare(account, found["old"].id, found["new"].id)
    return show(visit, "compare.html", chosen=chosen, result=result, kinds=CHANGES, **found, **common)


# Files.


def _judge(visit: Visit) -> Values:
    runs = [run for run in visit.laboratory.runs.list(visit.account) if run.kind == "judged"]
    return {"gateways": visit.laboratory.gateways.list(visit.account), "recent": runs[:MOST_RECENT]}


def _verify(visit: Visit) -> Response:
    result = calls.verify_certificate(visit)
    file = calls.value(calls.FILE, visit.form["file"]).file
    file.seek(0)
    alone = result["signed"] and not is_zip(file.read(4))
    return show(visit, "verify.html", result=result, alone=alone, values={"key": visit.text("key")})


def public_key(visit: Visit) -> Response:
    """The public key of the laboratory's certificates."""
    if not (key := visit.laboratory.reports.public_key):
        raise NotFound("this laboratory issues no certificates")
    return Response(key, media_type="application/x-pem-file")


# Accounts.


def _accounts(visit: Visit) -> Values:
    known = calls.managed(visit).present().values()
    counts = Counter(row.gateway.owner for row in visit.laboratory.gateways.list(visit.account))
    # The fields are those of the form that adds one.
    told = dict(visit.errors)
    if visit.request.url.path != "/accounts/add" and told:
        told = {"": "; ".join(told.values())}
    return {"rows": [(account, counts[account.name]) for account in known], "rule": RULE, "errors": told}


def _token(call: calls.Call) -> Handler:
    """Shows the token that an account has got."""
    return lambda visit: show(visit, "accounts.html", shown=call(visit), **_accounts(visit))


GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
PAGES: tuple[tuple[str, Handler, tuple[str, ...]], ...] = (
    ("/", page("gateways.html", _gateways), GET),
    ("/logout", logout, POST),
    ("/gateways/new", form_page("gateway_new.html", action(calls.add_gateway, "/gateways/{[id]}")), BOTH),
    ("/gateways/{id}", page("gateway.html", _gateway), GET),
    ("/gateways/{id}/edit", form_page("edit.html", _declare, _declarations), BOTH),
    ("/gateways/{id}/remove", action(calls.remove_gateway, "/"), POST),
    ("/gateways/{id}/run", form_page("run_new.html", action(calls.start_run, "/runs/{.id}"), _new_run), BOTH),
    ("/runs/{id}", page("run.html", _run), GET),
    ("/runs/{id}/events", calls.events, GET),
    ("/runs/{id}/cancel", action(calls.cancel_run, "/runs/{.id}?cancelled=1"), POST),
    ("/runs/{id}/remove", _remove_run, POST),
    ("/runs/{id}/replay", _replay, POST),
    ("/runs/{id}/certify", action(calls.certify_run, "/runs/{.id}#certificate"), POST),
    ("/runs/{id}/report", lambda visit: downloads.report(calls.folder(visit)), GET),
    ("/runs/{id}/report.zip", calls.packed, GET),
    ("/runs/{id}/files/{name:path}", calls.file, GET),
    ("/compare", comparison, GET),
    ("/judge", form_page("judge.html", action(calls.judge_traffic, "/runs/{.id}"), _judge), BOTH),
    ("/verify", form_page("verify.html", _verify), BOTH),
    ("/accounts", page("accounts.html", _accounts), GET),
    ("/accounts/add", form_page("accounts.html", _token(calls.add_account), _accounts), POST),
    ("/accounts/renew", form_page("accounts.html", _token(calls.renew_account), _accounts), POST),
    ("/accounts/remove", form_page("accounts.html", action(calls.remove_account, "/accounts"), _accounts), POST),
    ("/api", page("api.html", lambda visit: {"calls": calls.CALLS}), GET),
)
"""Path, what it shows or does, and its methods."""
PUBLIC: tuple[tuple[str, Handler, tuple[str, ...]], ...] = (
    ("/login", login, BOTH),
    ("/badge/{badge}.svg", badge, GET),
    ("/lab.pub", public_key, GET),
)
"""Those for everybody."""
