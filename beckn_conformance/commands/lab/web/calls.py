"""The calls of the HTTP API, each with what it takes. The forms of pages are carried out by the same calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import compile_path

from ....config.credentials import HIDDEN
from ....errors import UsageError
from ....report.comparison import Comparison
from ....untrusted.reading import json_value
from .. import declarations
from ..accounts import ROLES, Account, Accounts
from ..gateways import GatewayView
from ..refusals import Forbidden, Invalid, NotFound
from ..store import Run
from . import downloads, live
from .visits import Visit

LARGEST_KEY = 64 * 1024
"""Bytes of a public key."""
ZIP, SSE, ANY = "application/zip", "text/event-stream", "application/octet-stream"
"""Media types of what is no JSON."""

Schema = Mapping[str, Any]
"""A JSON Schema, here of a parameter."""
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
DEPTH: Schema = {**WHOLE, "default": 25}
CLASS: Schema = {**TEXT, "enum": ["core", "strict"], "default": "core"}
ROLE: Schema = {**TEXT, "enum": [*ROLES]}
FILE: Schema = {**TEXT, "contentMediaType": ANY}
KEY: Schema = {**TEXT, "description": "in PEM form, as a text or a file"}
DECLARED = f"as in a --gateway-config file; secrets are shown as {HIDDEN}, and kept if they are sent as that"
GATEWAY: Schema = {"name": TEXT, "url": TEXT, "declarations": {"type": "object", "description": DECLARED}}


def value(schema: Schema, sent: Any) -> Any:
    """Reads a text or an uploaded file, by the schema of a parameter. The text is empty if nothing was sent.

    Raises ValueError, which says what is needed.
    """
    text = sent.strip() if isinstance(sent, str) else ""
    if schema is FILE:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise ValueError("choose a file")
        return sent
    if schema is KEY:
        return sent.file.read(LARGEST_KEY) if isinstance(sent, UploadFile) else text.encode()
    if "enum" in schema and (text := text or schema.get("default", "")) not in schema["enum"]:
        raise ValueError(" or ".join(schema["enum"]))
    if schema["type"] == "string":
        return text
    if not text:
        return schema.get("default")
    if schema["type"] == "integer":
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise ValueError(f"a {schema.get('title', 'whole number')} is needed")
        return int(text)
    try:
        found = json_value(text)
    except ValueError as error:
        raise ValueError(f"not JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("a JSON object is needed")
    return found


# Calls.

Does = Callable[[Visit], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    method: str
    path: str
    does: Does
    """Returns rows of the laboratory, alone or in a dict, or a response. Its docstring describes the call."""
    returns: str
    """Name of a schema, or a media type; empty for nothing."""
    takes: Mapping[str, Schema]
    """Parameters of the query of a GET. Others take them as JSON or as a form."""
    needs: Collection[str]
    """Those that have to be sent."""
    status: int

    @property
    def summary(self) -> str:
        """One line about what it does."""
        return (self.does.__doc__ or "").rstrip(".")

    @property
    def parts(self) -> Iterable[str]:
        """Names of the parts of the path."""
        return compile_path(self.path)[2]

    def __call__(self, visit: Visit) -> Any:
        """Reads what was sent, and does it. Raises Refused."""
        return self.does(replace(visit, values=self.read(visit)))

    def read(self, visit: Visit) -> dict[str, Any]:
        """Returns parts of the path, and parameters, by name. Raises Invalid."""
        # A part of this path may be a field of a page's form.
        values, errors = {name: visit.text(name) for name in self.parts} | visit.request.path_params, {}
        sent: Mapping[str, Any] = visit.request.query_params if self.method == "GET" else visit.form
        for name, schema in self.takes.items():
            try:
                values[name] = value(schema, sent.get(name, ""))
            except ValueError as error:
                errors[name] = str(error)
        if errors:
            raise Invalid(errors)
        return values


CALLS: list[Call] = []


def _call(
    method: str, path: str, returns: str = "", takes: Mapping[str, Schema] = {}, *needs: str, status: int = 200
) -> Callable[[Does], Call]:
    def made(does: Does) -> Call:
        CALLS.append(Call(method, path, does, returns, takes, needs, status))
        return CALLS[-1]

    return made


def plain(row: Any) -> Any:
    """Makes JSON of a row of the laboratory. Raises TypeError for anything else."""
    if isinstance(row, GatewayView):
        made = dataclasses.asdict(row.gateway)
        del made["declarations"]
        return {**made, "latest": row.latest and plain(row.latest)}
    if isinstance(row, Run):
        made = dataclasses.asdict(row)
        del made["strict"]
        return {**made, "class": row.class_}
    if isinstance(row, Account):
        return {"name": row.name, "role": row.role}
    if isinstance(row, Comparison):
        return row.to_json()
    raise TypeError(f"{type(row)} is no row")


# Gateways.


@_call("GET", "/api/gateways", "Gateways", {"q": TEXT})
def list_gateways(visit: Visit) -> Any:
    """Lists gateways."""
    return {"gateways": visit.laboratory.gateways.list(visit.account, visit["q"])}


@_call("POST", "/api/gateways", "Gateway", GATEWAY, "name", "url", status=201)
def add_gateway(visit: Visit) -> Any:
    """Adds a gateway."""
    declared = visit["declarations"] or {}
    made = visit.laboratory.gateways.add(visit.account, visit["name"], visit["url"], declared)
    return _whole_gateway(visit, made.id)


@_call("GET", "/api/gateways/{id}", "Gateway")
def get_gateway(visit: Visit) -> Any:
    """Shows a gateway, without its secrets."""
    return _whole_gateway(visit, visit["id"])


@_call("PUT", "/api/gateways/{id}", "Gateway", GATEWAY)
def change_gateway(visit: Visit) -> Any:
    """Changes the members of a gateway that are sent."""
    known, id_ = visit.laboratory.gateways, visit["id"]
    found = _whole_gateway(visit, id_)
    wanted = {**found, **{name: visit[name] for name in GATEWAY if name in visit.form}}
    known.edit(visit.account, id_, wanted["name"], wanted["url"], wanted["declarations"] or {})
    return _whole_gateway(visit, id_)


@_call("DELETE", "/api/gateways/{id}", status=204)
def remove_gateway(visit: Visit) -> None:
    """Removes a gateway with its runs."""
    visit.laboratory.gateways.remove(visit.account, visit["id"])


@_call("GET", "/api/gateways/{id}/runs", "Runs")
def list_runs(visit: Visit) -> Any:
    """Lists the runs of a gateway."""
    visit.laboratory.gateways.get(visit.account, visit["id"])
    return {"runs": visit.laboratory.runs.list(visit.account, visit["id"])}


def _whole_gateway(visit: Visit, id_: str) -> dict[str, Any]:
    known = visit.laboratory.gateways
    row = plain(known.get(visit.account, id_))
    return {**row, "declarations": declarations.redacted(known.declaration(visit.account, id_))}


# Runs.


@_call("POST", "/api/gateways/{id}/runs", "Run", {"class": CLASS, "depth": DEPTH, "seed": WHOLE}, status=201)
def start_run(visit: Visit) -> Run:
    """Queues a run."""
    options = {"strict": visit["class"] == "strict", "depth": visit["depth"], "seed": visit["seed"]}
    return visit.laboratory.runs.start(visit.account, visit["id"], **options)


@_call("GET", "/api/runs/{id}", "Run", {"wait": {**WHOLE, "title": "number of seconds", "default": 0}})
def get_run(visit: Visit) -> Any:
    """Shows a run, once it has ended or the wait is over."""
    run = visit.laboratory.runs.get(visit.account, visit["id"])
    place = {"place": visit.laboratory.runs.place(visit.account, run.id)} if run.state == "queued" else {}
    return {**plain(run), **place}


@_call("POST", "/api/runs/{id}/cancel", "Run")
def cancel_run(visit: Visit) -> Run:
    """Cancels a run; what was judged is kept."""
    return visit.laboratory.runs.cancel(visit.account, visit["id"])


@_call("DELETE", "/api/runs/{id}", status=204)
def remove_run(visit: Visit) -> Run:
    """Removes a run with its files."""
    run = visit.laboratory.runs.get(visit.account, visit["id"])
    visit.laboratory.runs.remove(visit.account, run.id)
    return run


@_call("GET", "/api/runs/{id}/events", SSE, {"from": {**WHOLE, "default": 0}, "state": TEXT})
def events(visit: Visit) -> Response:
    """Streams the progress of a run."""
    runs, known = visit.laboratory.runs, visit.request.headers.get("last-event-id", "")
    run = runs.get(visit.account, visit["id"])
    # A browser that was cut off goes on where it was.
    offset = int(known) if known.isascii() and known.isdecimal() and len(known) < 12 else visit["from"]
    return live.stream(runs, visit.account, run, offset, visit["state"] or run.state, visit.over)


@_call("GET", "/api/runs/{id}/report.zip", ZIP)
def packed(visit: Visit) -> Response:
    """All files of a report."""
    return downloads.packed(folder(visit), f"run-{visit['id']}.zip")


@_call("GET", "/api/runs/{id}/files/{name:path}", ANY)
def file(visit: Visit) -> Response:
    """A file of a report, such as report.json."""
    return downloads.file(folder(visit), visit["name"])


def folder(visit: Visit) -> Path:
    """The report folder of a run. Raises NotFound."""
    return visit.laboratory.runs.folder(visit.account, visit["id"])


@_call("POST", "/api/runs/{id}/replay", "Replay", {"finding": TEXT}, "finding")
def replay_finding(visit: Visit) -> Any:
    """Sends the calls of a finding again, named by its id or its requirement."""
    return visit.laboratory.reports.replay(visit.account, visit["id"], visit["finding"])


@_call("POST", "/api/runs/{id}/certify", "Run", {"days": {**WHOLE, "title": "number of days", "default": 365}})
def certify_run(visit: Visit) -> Run:
    """Certifies a run (officers)."""
    return visit.laboratory.reports.certify(visit.account, visit["id"], days=visit["days"])


@_call("GET", "/api/compare", "Comparison", {"old": TEXT, "new": TEXT}, "old", "new")
def compare_runs(visit: Visit) -> Any:
    """Compares two runs."""
    if missing := {name: f"{name}: a run is needed" for name in ("old", "new") if not visit[name]}:
        raise Invalid(missing)
    return visit.laboratory.reports.compare(visit.account, visit["old"], visit["new"])


# Files.


@_call("POST", "/api/judge", "Run", {"file": FILE, "url": TEXT, "gateway": TEXT, "class": CLASS}, "file", status=201)
def judge_traffic(visit: Visit) -> Run:
    """Judges recorded traffic."""
    file, options = visit["file"], {name: visit[name] for name in ("gateway", "url")}
    strict = visit["class"] == "strict"
    return visit.laboratory.examinations.judge(visit.account, file.file, file.filename, strict=strict, **options)


@_call("POST", "/api/verify", "Examination", {"file": FILE, "key": KEY}, "file")
def verify_certificate(visit: Visit) -> Any:
    """Verifies a certificate."""
    file = visit["file"]
    return visit.laboratory.examinations.verify(visit.account, file.file, file.filename, visit["key"])


# Accounts.


def managed(visit: Visit) -> Accounts:
    """The accounts, for officers. Raises Forbidden, and NotFound in a laboratory without accounts."""
    if visit.site.accounts is None:
        raise NotFound("this laboratory has no accounts")
    if not visit.account.officer:
        raise Forbidden("only officers manage accounts")
    return visit.site.accounts


def _named(visit: Visit) -> Account:
    if (account := managed(visit).present().get(visit["name"])) is None:
        raise NotFound("there is no such account")
    return account


@_call("GET", "/api/accounts", "Accounts")
def list_accounts(visit: Visit) -> Any:
    """Lists accounts (officers)."""
    return {"accounts": [*managed(visit).present().values()]}


@_call("POST", "/api/accounts", "Account", {"name": TEXT, "role": ROLE}, "name", "role", status=201)
def add_account(visit: Visit) -> Any:
    """Adds an account, and shows its token once (officers)."""
    try:
        token = managed(visit).add(visit["name"], visit["role"])
    except UsageError as error:
        raise Invalid({"name": str(error)}) from error
    return {**plain(_named(visit)), "token": token}


@_call("POST", "/api/accounts/{name}/token", "Account")
def renew_account(visit: Visit) -> Any:
    """Replaces a token (officers)."""
    return {**plain(_named(visit)), "token": managed(visit).renew(visit["name"])}


@_call("DELETE", "/api/accounts/{name}", status=204)
def remove_account(visit: Visit) -> None:
    """Removes an account (officers)."""
    account = _named(visit)
    try:
        managed(visit).remove(account.name)
    except UsageError as error:
        raise Invalid({"name": str(error)}) from error
