"""The HTTP API: the operations of the laboratory as JSON, for programs with a bearer token."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ....errors import UsageError, nearest
from ....untrusted.reading import json_value
from .. import declarations
from ..accounts import ROLES, Account
from ..gateways import GatewayView
from ..refusals import Invalid, NotFound, Refused
from ..store import Run
from . import file_pages, pages, run_pages
from .openapi import ANY, CLASS, DECLARATIONS, FILE, SSE, TEXT, WHOLE, ZIP, Call, document
from .visits import TooManyAttempts, Visit, bearer, site_of, submitted

LONGEST_WAIT = 600
"""Seconds that a request may wait for the end of a run."""
LOOK = 0.25
MOST_ERRORS = 10
"""Unknown names that are refused in one reply."""


class Ascii(JSONResponse):
    """JSON in ASCII, which has an escape even for half a character."""

    def render(self, content: Any) -> bytes:
        """Makes the body."""
        return json.dumps(content, separators=(",", ":")).encode()


def routes() -> list[Route]:
    """The routes of the API."""
    made = [Route("/api/openapi.json", _description, methods=["GET"])]
    made += [Route(call.path, _endpoint(call), methods=[call.method]) for call in CALLS]
    return made


def manual(visit: Visit) -> Response:
    """The page that says how the API is used."""
    calls = [(call.method, call.path.replace(":path}", "}"), call.text) for call in CALLS]
    return pages.show(visit, "api.html", calls=calls)


def failure(status: int, text: str, fields: Mapping[str, str] | None = None) -> Response:
    """The reply to a request that was not carried out."""
    return Ascii({"error": text, **({"fields": dict(fields)} if fields else {})}, status)


async def _description(request: Request) -> Response:
    return Ascii(document(CALLS, secured=site_of(request).accounts is not None))


def _endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            account = await run_in_threadpool(bearer, request)
            async with _sent(request) as form:
                _known(call, request, form)
                visit = Visit(request, site_of(request), account, "", form)
                if "wait" in call.query:
                    await _ended(visit)
                    # The account may have been removed meanwhile.
                    await run_in_threadpool(bearer, request)
                return await run_in_threadpool(answer, visit)
        except Refused as error:
            return _refused(error)

    def answer(visit: Visit) -> Response:
        found = call.does(visit)
        if isinstance(found, Response):
            return found
        return Response(status_code=204) if found is None else Ascii(found, call.status)

    return endpoint


def _known(call: Call, request: Request, form: FormData) -> None:
    """Raises Invalid for a name that the call does not have: whoever misspells one would get what is usual instead."""
    errors = {}
    for kind, sent, known in (("field", form, call.accepted), ("query parameter", request.query_params, call.query)):
        for name in [name for name in sent if name not in known][:MOST_ERRORS]:
            errors[name] = f"there is no {kind} {name[:80]!r}{nearest(name[:80], known)}"
    if errors:
        raise Invalid(errors)


@contextlib.asynccontextmanager
async def _sent(request: Request) -> AsyncIterator[FormData]:
    """Reads what was sent: a form, or a JSON object, whose members are then JSON texts unless they are text."""
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != "application/json":
        async with submitted(request) as form:
            yield form
        return
    try:
        # Many clients name this type without sending anything.
        value = json_value((await request.body()).decode() or "{}")
    except ValueError as error:
        raise Invalid({"": f"no JSON that can be read: {error}"}) from error
    if not isinstance(value, dict):
        raise Invalid({"": "a JSON object is needed"})
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in value.items() if one is not None}
    yield FormData(texts)


async def _ended(visit: Visit) -> None:
    """Waits until a run has ended. Many may wait at once, so no thread waits with them."""
    text = visit.query("wait")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Invalid({"wait": "a number of seconds is needed"})
    end = time.monotonic() + min(int(text or 0), LONGEST_WAIT)
    while time.monotonic() < end and not await visit.request.is_disconnected():
        found = await run_in_threadpool(visit.laboratory.runs.get, visit.account, visit.part("id"))
        if not found.under_way or await run_in_threadpool(visit.over):
            return
        await asyncio.sleep(LOOK)


def _refused(error: Refused) -> Response:
    response = failure(pages.status_of(error), str(error), error.fields if isinstance(error, Invalid) else None)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.wait)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


# Gateways.


def _gateway(view: GatewayView) -> dict[str, Any]:
    row = dataclasses.asdict(view.gateway)
    del row["declarations"]
    return {**row, "latest": _run(view.latest) if view.latest else None}


def list_gateways(visit: Visit) -> Any:
    rows = visit.laboratory.gateways.list(visit.account, visit.query("q"))
    return {"gateways": [_gateway(row) for row in rows]}


def add_gateway(visit: Visit) -> Any:
    declared = _declarations(visit, {})
    made = visit.laboratory.gateways.add(visit.account, visit.text("name"), visit.text("url"), declared)
    return _whole_gateway(visit, made.id)


def get_gateway(visit: Visit) -> Any:
    return _whole_gateway(visit, visit.part("id"))


def change_gateway(visit: Visit) -> Any:
    known, id_ = visit.laboratory.gateways, visit.part("id")
    found, stored = known.get(visit.account, id_).gateway, known.declaration(visit.account, id_)
    declared = _declarations(visit, stored)
    name, url = (visit.text(key) if key in visit.form else getattr(found, key) for key in ("name", "url"))
    known.edit(visit.account, id_, name, url, declared)
    return _whole_gateway(visit, id_)


def remove_gateway(visit: Visit) -> None:
    visit.laboratory.gateways.remove(visit.account, visit.part("id"))


def _whole_gateway(visit: Visit, id_: str) -> dict[str, Any]:
    known = visit.laboratory.gateways
    shown = declarations.shown(known.declaration(visit.account, id_))
    return {**_gateway(known.get(visit.account, id_)), "declarations": shown}


def _declarations(visit: Visit, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the declarations that were sent; if there are none, returns the stored ones."""
    if "declarations" not in visit.form:
        return declarations.shown(stored)
    try:
        value = json_value(visit.text("declarations"))
    except ValueError as error:
        raise Invalid({"declarations": f"no JSON that can be read: {error}"}) from error
    if not isinstance(value, dict):
        raise Invalid({"declarations": "a JSON object is needed"})
    return value


# Runs.


def _run(run: Run) -> dict[str, Any]:
    row = dataclasses.asdict(run)
    del row["strict"]
    return {**row, "class": run.class_}


def list_runs(visit: Visit) -> Any:
    id_ = visit.part("id")
    visit.laboratory.gateways.get(visit.account, id_)
    return {"runs": [_run(run) for run in visit.laboratory.runs.list(visit.account, id_)]}


def start_run(visit: Visit) -> Any:
    values = {name: visit.text(name).strip() for name in ("class", "depth", "seed")}
    return _run(visit.laboratory.runs.start(visit.account, visit.part("id"), **run_pages.wanted(values)))


def get_run(visit: Visit) -> Any:
    runs = visit.laboratory.runs
    found = runs.get(visit.account, visit.part("id"))
    return {**_run(found), **({"place": runs.place(visit.account, found.id)} if found.state == "queued" else {})}


def cancel_run(visit: Visit) -> Any:
    return _run(visit.laboratory.runs.cancel(visit.account, visit.part("id")))


def remove_run(visit: Visit) -> None:
    visit.laboratory.runs.remove(visit.account, visit.part("id"))


def replay_finding(visit: Visit) -> Any:
    return visit.laboratory.reports.replay(visit.account, visit.part("id"), visit.text("finding"))


def certify_run(visit: Visit) -> Any:
    return _run(visit.laboratory.reports.certify(visit.account, visit.part("id"), days=run_pages.days(visit)))


def compare_runs(visit: Visit) -> Any:
    old, new = visit.query("old"), visit.query("new")
    if missing := {name: f"{name}: a run is needed" for name, id_ in (("old", old), ("new", new)) if not id_}:
        raise Invalid(missing)
    return visit.laboratory.reports.compare(visit.account, old, new).to_json()


def judge_traffic(visit: Visit) -> Any:
    return _run(file_pages.judged(visit))


def verify_certificate(visit: Visit) -> Any:
    return file_pages.examined(visit)


# Accounts.


def _account(account: Account, token: str = "") -> dict[str, Any]:
    return {"name": account.name, "role": account.role, **({"token": token} if token else {})}


def list_accounts(visit: Visit) -> Any:
    return {"accounts": [_account(account) for account in pages.managed(visit).all()]}


def add_account(visit: Visit) -> Any:
    known = pages.managed(visit)
    role = next((role for role in ROLES if role == visit.text("role")), None)
    if role is None:
        raise Invalid({"role": "vendor or officer"})
    try:
        token = known.add(visit.text("name"), role)
    except UsageError as error:
        raise Invalid({"name": str(error)}) from error
    return _account(Account(visit.text("name"), role), token)


def renew_account(visit: Visit) -> Any:
    known, name = pages.managed(visit), visit.part("name")
    if (account := known.named(name)) is None:
        raise NotFound("there is no such account")
    return _account(account, known.renew(name))


def remove_account(visit: Visit) -> None:
    name = visit.part("name")
    if pages.managed(visit).named(name) is None:
        raise NotFound("there is no such account")
    try:
        pages.remove(visit, name)
    except UsageError as error:
        raise Invalid({"name": str(error)}) from error


SINCE: Mapping[str, Any] = {"from": WHOLE, "state": TEXT}
GATEWAY: Mapping[str, Any] = {"name": TEXT, "url": TEXT, "declarations": DECLARATIONS}
CALLS: tuple[Call, ...] = (
    Call("GET", "/api/gateways", "Lists gateways", list_gateways, "Gateways", query={"q": TEXT}),
    Call("POST", "/api/gateways", "Adds a gateway", add_gateway, "Gateway", GATEWAY, ("name", "url"), status=201),
    Call("GET", "/api/gateways/{id}", "Shows a gateway, without its secrets", get_gateway, "Gateway"),
    Call(
        "PUT",
        "/api/gateways/{id}",
        "Changes the members of a gateway that are sent",
        change_gateway,
        "Gateway",
        GATEWAY,
    ),
    Call("DELETE", "/api/gateways/{id}", "Removes a gateway with its runs", remove_gateway, status=204),
    Call("GET", "/api/gateways/{id}/runs", "Lists the runs of a gateway", list_runs, "Runs"),
    Call(
        *("POST", "/api/gateways/{id}/runs", "Queues a run", start_run, "Run"),
        {"class": CLASS, "depth": WHOLE, "seed": WHOLE},
        status=201,
    ),
    Call(
        "GET",
        "/api/runs/{id}",
        "Shows a run, once it has ended or the wait is over",
        get_run,
        "Run",
        query={"wait": WHOLE},
    ),
    Call("POST", "/api/runs/{id}/cancel", "Cancels a run; what was judged is kept", cancel_run, "Run"),
    Call("DELETE", "/api/runs/{id}", "Removes a run with its files", remove_run, status=204),
    Call("GET", "/api/runs/{id}/events", "Streams the progress of a run", run_pages.events, SSE, query=SINCE),
    Call("GET", "/api/runs/{id}/report.zip", "All files of a report", run_pages.packed, ZIP),
    Call("GET", "/api/runs/{id}/files/{name:path}", "A file of a report, such as report.json", run_pages.file, ANY),
    Call(
        *(
            "POST",
            "/api/runs/{id}/replay",
            "Sends the calls of a finding again, named by its id or its requirement",
            replay_finding,
            "Replay",
        ),
        {"finding": TEXT},
        ("finding",),
    ),
    Call("POST", "/api/runs/{id}/certify", "Certifies a run (officers)", certify_run, "Run", {"days": WHOLE}),
    Call(
        *("GET", "/api/compare", "Compares two runs", compare_runs, "Comparison"),
        required=("old", "new"),
        query={"old": TEXT, "new": TEXT},
    ),
    Call(
        *("POST", "/api/judge", "Judges recorded traffic", judge_traffic, "Run"),
        {"file": FILE, "url": TEXT, "gateway": TEXT, "class": CLASS},
        ("file",),
        status=201,
    ),
    Call(
        *("POST", "/api/verify", "Verifies a certificate", verify_certificate, "Examination"),
        {"file": FILE, "key": TEXT},
        ("file",),
    ),
    Call("GET", "/api/accounts", "Lists accounts (officers)", list_accounts, "Accounts"),
    Call(
        *("POST", "/api/accounts", "Adds an account, and shows its token once (officers)", add_account, "Account"),
        {"name": TEXT, "role": {"enum": [*ROLES]}},
        ("name", "role"),
        status=201,
    ),
    Call("POST", "/api/accounts/{name}/token", "Replaces a token (officers)", renew_account, "Account"),
    Call("DELETE", "/api/accounts/{name}", "Removes an account (officers)", remove_account, status=204),
)
