"""Describes the HTTP API as an OpenAPI 3.1 document, made from its calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from starlette.routing import compile_path

from .... import __version__
from ..store import Gateway, Run
from .calls import CLASS, DECLARATIONS, FILE, TEXT, WHOLE, Call, Kind, Schema

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
TYPES = {"int": "integer", "bool": "boolean", "str": "string", "int | None": ["integer", "null"]}
"""JSON types of columns, by their types."""


def document(calls: Iterable[Call], *, secured: bool) -> dict[str, Any]:
    """The description of the API; ``secured`` if it takes tokens."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(template(call), {})[call.method.lower()] = _operation(call)
    about = "Tests gateways of the Beckn Gateway Registration API. Another vendor's gateway or run is 404, the same as "
    token = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Conformance laboratory", "version": __version__, "description": f"{about}none."},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(), **(token if secured else {})},
        **({"security": [{"token": []}]} if secured else {}),
    }


def accepted(call: Call) -> Collection[str]:
    """Names of the fields that may be sent. What was read may be sent back as a whole, with its changes."""
    read = _schemas()[call.returns]["properties"] if call.method == "PUT" else {}
    return {*call.fields, *read}


def template(call: Call) -> str:
    """The path of a call, as OpenAPI writes it."""
    return compile_path(call.path)[1]


def _operation(call: Call) -> dict[str, Any]:
    parts = dict.fromkeys(compile_path(call.path)[2], dataclasses.replace(TEXT, needed=True))
    places: tuple[tuple[str, Mapping[str, Kind]], ...] = (("path", parts), ("query", call.query))
    made: dict[str, Any] = {
        "operationId": call.does.__name__,
        "summary": call.summary,
        "parameters": [
            {"name": name, "in": place, "required": kind.needed, "schema": kind.schema}
            for place, kinds in places
            for name, kind in kinds.items()
        ],
        "responses": {
            str(call.status): {"description": "what was asked for", **_content(call.returns)},
            "default": {"description": "why it was not done", **_content("Error")},
        },
    }
    if call.fields:
        schemas = {name: kind.schema for name, kind in call.fields.items()}
        schema = _object(schemas, *(name for name, kind in call.fields.items() if kind.needed))
        # JSON has no place for a file.
        kinds = FORMS[:1] if FILE in call.fields.values() else ("application/json", *FORMS)
        made["requestBody"] = {
            "required": bool(schema["required"]),
            "content": {kind: {"schema": schema} for kind in kinds},
        }
    return made


def _content(returns: str) -> dict[str, Any]:
    if not returns:
        return {}
    if "/" in returns:
        return {"content": {returns: {"schema": (TEXT if returns.startswith("text/") else FILE).schema}}}
    return {"content": {"application/json": {"schema": _ref(returns)}}}


def _schemas() -> dict[str, Any]:
    text, yes = TEXT.schema, {"type": "boolean"}
    place = {**WHOLE.schema, "description": "queued runs that are older, for one that is queued"}
    states = {"enum": ["queued", "running", "ended", "cancelled"]}
    run = {**_columns(Run), "class": CLASS.schema, "state": states, "place": place}
    del run["strict"]
    latest = {"oneOf": [_ref("Run"), {"type": "null"}]}
    gateway = {**_columns(Gateway), "declarations": DECLARATIONS.schema, "latest": latest}
    errors = {"type": "object", "additionalProperties": text}
    account = {"name": text, "role": {"enum": ["vendor", "officer"]}, "token": text}
    lists = {f"{name}s": _object({f"{name.lower()}s": _list(name)}, f"{name.lower()}s") for name in LISTED}
    return {
        "Error": _object({"error": text, "fields": errors}, "error"),
        "Run": _object(run, "id", "state"),
        "Gateway": _object(gateway, "id", "name", "url"),
        "Account": _object(account, "name", "role"),
        **lists,
        "Comparison": {"type": "object", "description": "as beckn-conformance diff --json"},
        "Replay": _object({"holds": {"type": ["boolean", "null"]}, "text": text}, "holds", "text"),
        "Examination": _object({"valid": yes}, "valid"),
    }


LISTED = ("Run", "Gateway", "Account")


def _columns(kind: type) -> dict[str, Schema]:
    known = {one.name: str(one.type) for one in dataclasses.fields(kind)}
    return {name: {"type": TYPES[type_]} for name, type_ in known.items() if type_ in TYPES}


def _list(name: str) -> Schema:
    return {"type": "array", "items": _ref(name)}


def _object(properties: Mapping[str, Schema], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": [*required]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
