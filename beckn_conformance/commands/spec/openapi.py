"""Describes the calls as an OpenAPI 3.1 document, made from the schemas and from the words in description.yaml.

Its references lead to other files of schemas/; ``bundle`` puts what they lead to into the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import SpecificationError
from ...specification.actions import SIGNUP
from ...specification.catalogue import Operation
from ...specification.specification import Specification

FILE = "description.yaml"
REGISTRATION = '{"registration": {"id": "{$response.body#/registration/id}"}}'
"""Body of a call about the registration that a signup made. Generators of code take it only as a text."""


def document(specification: Specification) -> dict[str, Any]:
    """Returns the description of all calls; raises SpecificationError without description.yaml."""
    if (words := specification.files.get(FILE)) is None:
        raise SpecificationError(f"{specification.folder} holds no {FILE}, which says what the schemas do not")
    return {
        "openapi": "3.1.0",
        **{name: words[name] for name in ("info", "servers", "tags")},
        # A signup has a Token before any can have been issued. So it is a parameter, and no security scheme.
        "security": [],
        "paths": {operation.path: {"post": _call(specification, operation)} for operation in specification.operations},
    }


def _call(specification: Specification, operation: Operation) -> dict[str, Any]:
    said, page = _said(specification, operation), specification.files.get("page.yaml", {})
    sentences = page.get("prose", {}).get("description", {}).get(operation.key, ())
    request, ack, nack = ({"$ref": f"{operation.key}.{kind}.json"} for kind in ("request", "ack", "nack"))
    refused, acknowledged = said.get("nack", {}), said.get("ack", {})
    reply = _reply(specification, "acknowledged, or refused", {"anyOf": [ack, nack]}, {**acknowledged, **refused})
    if operation.action == SIGNUP:
        reply["links"] = dict(_link(specification, other) for other in specification.operations if other != operation)
    return {
        "operationId": said["id"],
        "summary": said["summary"],
        "description": " ".join(row["text"].replace("**", "") for row in sentences) or said["summary"],
        **({"tags": [said["tag"]]} if "tag" in said else {}),
        "parameters": [
            {"name": name, "in": "header", **field}
            for name, field in _fields(specification, "request", "Action", operation.action).items()
        ],
        "requestBody": {"required": True, "content": _content(request, said.get("request", {}))},
        "responses": {"200": reply, "4XX": _reply(specification, "refused", nack, refused, "NACK")},
    }


def _said(specification: Specification, operation: Operation) -> Mapping[str, Any]:
    """The entry of a call in description.yaml; without one, a name made of its key."""
    first, *others = operation.key.split("-")
    unsaid = {"id": first + "".join(word.capitalize() for word in others), "summary": operation.action}
    said: Mapping[str, Any] = specification.files[FILE]["calls"].get(operation.key, unsaid)
    return said


def _fields(specification: Specification, kind: str, name: str = "", value: str = "") -> dict[str, Any]:
    """The members of a header as header fields; the one of a name has a value."""
    file = f"header.{kind}.json"
    found = {}
    for member, schema in specification.files[file]["properties"].items():
        reference = {"$ref": f"{file}#/properties/{member}"}
        found[member] = {
            "required": member in specification.files[file]["required"],
            "description": schema.get("title", member),
            "schema": {"allOf": [reference], "const": value} if member == name else reference,
        }
    return found


def _reply(
    specification: Specification, what: str, schema: Any, examples: Mapping[str, Any], action: str = ""
) -> dict[str, Any]:
    return {
        "description": f"The call was {what}.",
        "headers": _fields(specification, "reply", "action" if action else "", action),
        "content": _content(schema, examples),
    }


def _content(schema: Any, examples: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema, **({"examples": examples} if examples else {})}}


def _link(specification: Specification, operation: Operation) -> tuple[str, dict[str, Any]]:
    """Name and link of a call about the registration that a signup made."""
    name = _said(specification, operation)["id"]
    token = {"header.Token": "$response.body#/auth/token"}
    description = "A call about the registration that the signup made. Further members are for the caller to add."
    return name, {"operationId": name, "description": description, "parameters": token, "requestBody": REGISTRATION}
