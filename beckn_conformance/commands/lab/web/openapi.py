"""Describes the HTTP API as an OpenAPI 3.1 document, made from the table of its calls."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .... import __version__
from ....config.credentials import HIDDEN
from ..store import Gateway, Run
from .visits import Visit

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
CLASS: Schema = {"type": "string", "enum": ["core", "strict"]}
DECLARATIONS: Schema = {
    "type": "object",
    "description": f"as in a --gateway-config file; secrets are shown as {HIDDEN}, and kept if they are sent as that",
}
ZIP, SSE, ANY = "application/zip", "text/event-stream", "application/octet-stream"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
KINDS: Mapping[str, Schema] = {
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "str": TEXT,
    "int | None": {"type": ["integer", "null"]},
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    method: str
    path: str
    text: str
    """One line about what it does."""
    does: Callable[[Visit], Any]
    """Returns JSON, None for nothing, or a response."""
    returns: str = ""
    """Name of a schema, or a media type; empty for nothing."""
    fields: Mapping[str, Schema] = field(default_factory=dict)
    """What is sent, as JSON or as a form."""
    required: tuple[str, ...] = ()
    query: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200

    @property
    def accepted(self) -> frozenset[str]:
        """Names of the fields that may be sent. What was read may be sent back as a whole, with its changes."""
        read = _schemas()[self.returns]["properties"] if self.method == "PUT" else {}
        return frozenset({*self.fields, *read})

    @property
    def uploads(self) -> bool:
        """True if a file is sent, which JSON has no place for."""
        return FILE in self.fields.values()


def document(calls: Iterable[Call], *, secured: bool) -> dict[str, Any]:
    """The description of the API; ``secured`` if it takes tokens."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(_template(call.path), {})[call.method.lower()] = _operation(call)
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Conformance laboratory",
            "version": __version__,
            "description": "Tests gateways of the Beckn Gateway Registration API. Another vendor's gateway or run is "
            "404, the same as one that does not exist.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    if secured:
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}]
    return made


def _template(path: str) -> str:
    return path.replace(":path}", "}")


def _operation(call: Call) -> dict[str, Any]:
    inner = re.findall(r"\{(\w+)(?::path)?\}", call.path)
    where = [
        *((name, "path", TEXT) for name in inner),
        *((name, "query", schema) for name, schema in call.query.items()),
    ]
    made: dict[str, Any] = {
        "operationId": call.does.__name__,
        "summary": call.text,
        "parameters": [
            {"name": name, "in": place, "required": place == "path" or name in call.required, "schema": schema}
            for name, place, schema in where
        ],
        "responses": {
            str(call.status): {"description": "what was asked for", **_content(call.returns)},
            "default": {"description": "why it was not done", **_content("Error")},
        },
    }
    if call.fields:
        schema = {"type": "object", "properties": dict(call.fields), "required": [*call.required]}
        kinds = FORMS[:1] if call.uploads else ("application/json", *FORMS)
        made["requestBody"] = {
            "required": bool(call.required),
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    return made


def _content(returns: str) -> dict[str, Any]:
    if not returns:
        return {}
    if "/" in returns:
        return {"content": {returns: {"schema": TEXT if returns == SSE else FILE}}}
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{returns}"}}}}


def _schemas() -> dict[str, Any]:
    run = _of_row(Run) | {"class": CLASS, "state": {"enum": ["queued", "running", "ended", "cancelled"]}}
    run = {**run, "place": {**WHOLE, "description": "queued runs that are older, for one that is queued"}}
    del run["strict"]
    gateway = _of_row(Gateway) | {"declarations": DECLARATIONS, "latest": {"oneOf": [_ref("Run"), {"type": "null"}]}}
    account = {"name": TEXT, "role": {"enum": ["vendor", "officer"]}, "token": TEXT}
    return {
        "Error": _object({"error": TEXT, "fields": {"type": "object", "additionalProperties": TEXT}}, "error"),
        "Run": _object(run, "id", "state"),
        "Runs": _object({"runs": {"type": "array", "items": _ref("Run")}}, "runs"),
        "Gateway": _object(gateway, "id", "name", "url"),
        "Gateways": _object({"gateways": {"type": "array", "items": _ref("Gateway")}}, "gateways"),
        "Comparison": {"type": "object", "description": "as beckn-conformance diff --json"},
        "Replay": _object({"holds": {"type": ["boolean", "null"]}, "text": TEXT}, "holds", "text"),
        "Examination": _object({"valid": {"type": "boolean"}}, "valid"),
        "Account": _object(account, "name", "role"),
        "Accounts": _object({"accounts": {"type": "array", "items": _ref("Account")}}, "accounts"),
    }


def _of_row(kind: type) -> dict[str, Schema]:
    return {one.name: KINDS[str(one.type)] for one in dataclasses.fields(kind) if str(one.type) in KINDS}


def _object(properties: Mapping[str, Schema], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": [*required]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
