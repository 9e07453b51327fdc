"""The calls of the HTTP API, each with what it takes. The forms of pages are carried out by the same calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

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

Schema = Mapping[str, Any]
LARGEST_KEY = 64 * 1024
"""Bytes of a public key."""
ZIP, SSE, ANY = "application/zip", "text/event-stream", "application/octet-stream"
"""Media types of what is no JSON."""


# Parameters.


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of parameter."""

    schema: Schema
    read: Callable[[Any], Any]
    """Makes a value of a text or an uploaded file; the text is empty if nothing was sent. Raises ValueError."""
    needed: bool = False


def _text(sent: Any) -> str:
    return sent.strip() if isinstance(sent, str) else ""


def _one_of(*words: str, usual: str = "") -> Kind:
    def read(sent: Any) -> str:
        if (text := _text(sent) or usual) not in words:
            raise ValueError(" or ".join(words))
        return text

    return Kind({"type": "string", "enum": [*words]}, read, needed=not usual)


def _whole(usual: int | None = None, what: str = "whole number") -> Kind:
    def read(sent: Any) -> int | None:
        text = _text(sent)
        if text and not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise ValueError(f"a {what} is needed")
        return int(text) if text else usual

    return Kind({"type": "integer", "minimum": 0}, read)


def _object(sent: Any) -> Any:
    try:
        value = json_value(_text(sent) or "null")
    except ValueError as error:
        raise ValueError(f"no JSON that can be read: {error}") from error
    if value is not None and not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


def _file(sent: Any) -> UploadFile:
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise ValueError("choose a file")
    return sent


def _key(sent: Any) -> bytes:
    """A public key that was sent as a text or a file."""
    return sent.file.read(LARGEST_KEY) if isinstance(sent, UploadFile) else _text(sent).encode()


TEXT = Kind({"type": "string"}, _text)
NEEDED = replace(TEXT, needed=True)
WHOLE = _whole()
CLASS = _one_of("core", "strict", usual="core")
FILE = Kind({"type": "string", "contentMediaType": ANY}, _file, needed=True)
DECLARATIONS = Kind(
    {
        "type": "object",
        "description": f"as in a --gateway-config file; secrets are shown as {HIDDEN}, and kept if they are sent so",
    },
    _object,
)


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
    fields: Mapping[str, Kind] = field(default_factory=dict)
    """What is sent, as JSON or as a form."""
    query: Mapping[str, Kind] = field(default_factory=dict)
    status: int = 200

    @property
    def summary(self) -> str:
        """One line about what it does."""
        return (self.does.__doc__ or "").rstrip(".")

    def __call__(self, visit: Visit, **values: Any) -> Any:
        """Reads what was sent, and does it. Raises Refused."""
        return self.does(replace(visit, values={**self.read(visit), **values}))

    def read(self, visit: Visit) -> dict[str, Any]:
        """Returns parts of the path, fields and parameters of the query by name. Raises Invalid."""
        values, errors = dict(visit.request.path_params), {}
        for sent, kinds in ((visit.form, self.fields), (visit.request.query_params, self.query)):
            for name, kind in kinds.items():
                try:
                    values[name] = kind.read(sent.get(name, ""))
                except ValueError as error:
                    errors[name] = str(error)
        if errors:
            raise Invalid(errors)
        return values


CALLS: list[Call] = []


def _call(
    method: str, path: str, returns: str = "", fields: Mapping[str, Kind] = {}, **more: Any
) -> Callable[[Does], Call]:
    def made(does: Does) -> Call:
        CALLS.append(Call(method, path, does, returns, fields, **more))
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

GATEWAY = {"name": TEXT, "url": TEXT, "declarations": DECLARATIONS}


@_call("GET", "/api/gateways", "Gateways", query={"q": TEXT})
def list_gateways(visit: Visit) -> Any:
    """Lists gateways."""
    return {"gateways": visit.laboratory.gateways.list(visit.account, visit["q"])}


@_call("POST", "/api/gateways", "Gateway", {**GATEWAY, "name": NEEDED, "url": NEEDED}, status=201)
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
    return {**row, "declarations": declarations.shown(known.declaration(visit.account, id_))}


# Runs.


@_call("POST", "/api/gateways/{id}/runs", "Run", {"class": CLASS, "depth": _whole(25), "seed": WHOLE}, status=201)
def start_run(visit: Visit) -> Run:
    """Queues a run."""
    options = {"strict": visit["class"] == "strict", "depth": visit["depth"], "seed": visit["seed"]}
    return visit.laboratory.runs.start(visit.account, visit["id"], **options)


@_call("GET", "/api/runs/{id}", "Run", query={"wait": _whole(0, "number of seconds")})
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


@_call("GET", "/api/runs/{id}/events", SSE, query={"from": _whole(0), "state": TEXT})
def stream_run(visit: Visit) -> Response:
    """Streams the progress of a run."""
    runs, known = visit.laboratory.runs, visit.request.headers.get("last-event-id", "")
    run = runs.get(visit.account, visit["id"])
    # A browser that was cut off goes on where it was.
    offset = int(known) if known.isascii() and known.isdecimal() and len(known) < 12 else visit["from"]
    return live.stream(runs, visit.account, run, offset, visit["state"] or run.state, visit.over)


@_call("GET", "/api/runs/{id}/report.zip", ZIP)
def pack_report(visit: Visit) -> Response:
    """All files of a report."""
    return downloads.packed(visit.laboratory.runs.folder(visit.account, visit["id"]), f"run-{visit['id']}.zip")


@_call("GET", "/api/runs/{id}/files/{name:path}", ANY)
def get_file(visit: Visit) -> Response:
    """A file of a report, such as report.json."""
    return downloads.file(visit.laboratory.runs.folder(visit.account, visit["id"]), visit["name"])


@_call("POST", "/api/runs/{id}/replay", "Replay", {"finding": NEEDED})
def replay_finding(visit: Visit) -> Any:
    """Sends the calls of a finding again, named by its id or its requirement."""
    return visit.laboratory.reports.replay(visit.account, visit["id"], visit["finding"])


@_call("POST", "/api/runs/{id}/certify", "Run", {"days": _whole(365, "number of days")})
def certify_run(visit: Visit) -> Run:
    """Certifies a run (officers)."""
    return visit.laboratory.reports.certify(visit.account, visit["id"], days=visit["days"])


@_call("GET", "/api/compare", "Comparison", query={"old": NEEDED, "new": NEEDED})
def compare_runs(visit: Visit) -> Any:
    """Compares two runs."""
    if missing := {name: f"{name}: a run is needed" for name in ("old", "new") if not visit[name]}:
        raise Invalid(missing)
    return visit.laboratory.reports.compare(visit.account, visit["old"], visit["new"])


# Files.


@_call("POST", "/api/judge", "Run", {"file": FILE, "url": TEXT, "gateway": TEXT, "class": CLASS}, status=201)
def judge_traffic(visit: Visit) -> Run:
    """Judges recorded traffic."""
    file, options = visit["file"], {name: visit[name] for name in ("gateway", "url")}
    strict = visit["class"] == "strict"
    return visit.laboratory.examinations.judge(visit.account, file.file, file.filename, strict=strict, **options)


@_call("POST", "/api/verify", "Examination", {"file": FILE, "key": Kind(TEXT.schema, _key)})
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
    if (account := managed(visit).named(visit["name"])) is None:
        raise NotFound("there is no such account")
    return account


@_call("GET", "/api/accounts", "Accounts")
def list_accounts(visit: Visit) -> Any:
    """Lists accounts (officers)."""
    return {"accounts": managed(visit).all()}


@_call("POST", "/api/accounts", "Account", {"name": NEEDED, "role": _one_of(*ROLES)}, status=201)
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
