"""Describes the HTTP API as an OpenAPI 3.1 document, made from its calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from starlette.routing import compile_path

from .... import __version__
from ..store import Gateway, Run
from .calls import ANY, CLASS, FILE, GATEWAY, ROLE, TEXT, WHOLE, ZIP, Call, Schema

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
TYPES = {"int": "integer", "bool": "boolean", "str": "string", "int | None": ["integer", "null"]}
"""JSON types of columns, by their types."""


def document(calls: Iterable[Call], *, secured: bool) -> dict[str, Any]:
    """The description of the API; ``secured`` if it takes tokens."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(compile_path(call.path)[1], {})[call.method.lower()] = _operation(call)
    about = "Tests gateways of the Beckn Gateway Registration API. Another vendor's gateway or run is 404, the same as "
    token = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Conformance laboratory", "version": __version__, "description": f"{about}none."},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, **(token if secured else {})},
        **({"security": [{"token": []}]} if secured else {}),
    }


def accepted(call: Call) -> Collection[str]:
    """Names of the parameters that may be sent. What was read may be sent back as a whole, with its changes."""
    read = SCHEMAS[call.returns]["properties"] if call.method == "PUT" else {}
    return {*call.takes, *read}


def _operation(call: Call) -> dict[str, Any]:
    parts = [("path", name, TEXT) for name in call.parts]
    query = [("query", name, schema) for name, schema in call.takes.items() if call.method == "GET"]
    made: dict[str, Any] = {
        "operationId": call.does.__name__,
        "summary": call.summary,
        "parameters": [
            {"name": name, "in": place, "required": place == "path" or name in call.needs, "schema": schema}
            for place, name, schema in (*parts, *query)
        ],
        "responses": {
            str(call.status): {"description": "what was asked for", **_content(call.returns)},
            "default": {"description": "why it was not done", **_content("Error")},
        },
    }
    if call.takes and call.method != "GET":
        schema = _object(call.takes, *call.needs)
        # JSON has no place for a file.
        kinds = FORMS[:1] if FILE in call.takes.values() else ("application/json", *FORMS)
        content = {kind: {"schema": schema} for kind in kinds}
        made["requestBody"] = {"required": bool(call.needs), "content": content}
    return made


def _content(returns: str) -> dict[str, Any]:
    if not returns:
        return {}
    text = FILE if returns in (ZIP, ANY) else TEXT
    kind, schema = (returns, text) if "/" in returns else ("application/json", _ref(returns))
    return {"content": {kind: {"schema": schema}}}


def _columns(kind: type, *without: str) -> dict[str, Schema]:
    known = {one.name: str(one.type) for one in dataclasses.fields(kind) if one.name not in without}
    return {name: {"type": TYPES[type_]} for name, type_ in known.items() if type_ in TYPES}


def _object(properties: Mapping[str, Schema], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": [*required]}


def _list(name: str) -> dict[str, Any]:
    return _object({f"{name.lower()}s": {"type": "array", "items": _ref(name)}}, f"{name.lower()}s")


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


RUN = {
    **_columns(Run, "strict"),
    "class": CLASS,
    "state": {"enum": ["queued", "running", "ended", "cancelled"]},
    "place": {**WHOLE, "description": "queued runs that are older, for one that is queued"},
}
LATEST = {"oneOf": [_ref("Run"), {"type": "null"}]}
ROW = {**_columns(Gateway), **GATEWAY, "latest": LATEST}
ERRORS = {"type": "object", "additionalProperties": TEXT}
SCHEMAS: Mapping[str, Any] = {
    "Error": _object({"error": TEXT, "fields": ERRORS}, "error"),
    "Run": _object(RUN, "id", "state"),
    "Runs": _list("Run"),
    "Gateway": _object(ROW, "id", "name", "url"),
    "Gateways": _list("Gateway"),
    "Comparison": {"type": "object", "description": "as beckn-conformance diff --json"},
    "Replay": _object({"holds": {"type": ["boolean", "null"]}, "text": TEXT}, "holds", "text"),
    "Examination": _object({key: {"type": "boolean"} for key in ("valid", "signed")}, "valid", "signed"),
    "Account": _object({"name": TEXT, "role": ROLE, "token": TEXT}, "name", "role"),
    "Accounts": _list("Account"),
}
"""Schemas of what calls return, by name."""
