"""Defects that acknowledge a faulty request, each for one kind of fault in one field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from reference_server.defects.defect import Defect
from reference_server.defects.kinds import PHRASES, is_kind
from reference_server.edits import matches, parts, slug
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Registration, digest
from reference_server.specification import Member
from reference_server.validation import json_type

Row: TypeAlias = tuple[str, str, str, str]
"""Requirement, operation, pointer, the kinds of fault that are let through (a defect each)."""

Test: TypeAlias = Callable[[Request, Place], bool]
"""Says whether what stands at a place of a request, or is missing there, is meant."""

_ROWS: tuple[Row, ...] = (
    ("SIGNUP-NACK-INFO", SIGNUP, "/info", "missing array string"),
    ("SIGNUP-NACK-NAME", SIGNUP, "/info/name", "missing number"),
    (
        "SIGNUP-NACK-PHONE",
        SIGNUP,
        "/info/phone",
        "null no-plus no-dash no-number empty-extension letters-in-number letters-in-extension second-line",
    ),
    (
        "SIGNUP-NACK-EMAIL",
        SIGNUP,
        "/info/email",
        "boolean no-at two-at nothing-after-at space-inside line-break-inside empty",
    ),
    ("SIGNUP-NACK-COMPANY-ID", SIGNUP, "/info/company_id", "null number object"),
    ("SIGNUP-NACK-DOCUMENTS", SIGNUP, "/documents", "object string"),
    ("SIGNUP-NACK-DOCUMENTS", SIGNUP, "/documents/*", "null string"),
    ("SIGNUP-NACK-DOCUMENT-NAME", SIGNUP, "/documents/*/name", "missing boolean"),
    ("SIGNUP-NACK-DOCUMENT-DATA", SIGNUP, "/documents/*/data", "null array"),
    ("SIGNUP-NACK-API", SIGNUP, "/api", "missing null string"),
    ("SIGNUP-NACK-ENDPOINT-URL", SIGNUP, "/api/endpoint_url", "missing boolean"),
    ("SIGNUP-NACK-EMPTY", SIGNUP, "/info/name", "empty"),
    ("SIGNUP-NACK-EMPTY", SIGNUP, "/documents/*/data", "empty"),
    ("SIGNUP-NACK-EMPTY", SIGNUP, "/api/endpoint_url", "empty"),
    ("SIGNUP-NACK-NOT-URL", SIGNUP, "/api/endpoint_url", "no-url second-line"),
    ("GET-NACK-REGISTRATION", GET, "/registration", "missing null array"),
    ("GET-NACK-ID", GET, "/registration/id", "missing null number"),
    ("GET-NACK-EMPTY", GET, "/registration/id", "empty"),
    ("UPDATE-NACK-REGISTRATION", UPDATE, "/registration", "missing array"),
    ("UPDATE-NACK-ID", UPDATE, "/registration/id", "missing boolean"),
    ("UPDATE-NACK-INFO", UPDATE, "/info", "missing null array"),
    ("UPDATE-NACK-NOTHING", UPDATE, "/info", "without-members"),
    ("UPDATE-NACK-NAME", UPDATE, "/info/name", "number object"),
    (
        "UPDATE-NACK-PHONE",
        UPDATE,
        "/info/phone",
        "no-plus no-country-code letters-in-extension line-break-inside empty words",
    ),
    ("UPDATE-NACK-EMAIL", UPDATE, "/info/email", "number no-at nothing-before-at space-inside second-line"),
    ("UPDATE-NACK-COMPANY-ID", UPDATE, "/info/company_id", "boolean array"),
    ("UPDATE-NACK-EMPTY", UPDATE, "/info/name", "empty"),
    ("UPDATE-NACK-EMPTY", UPDATE, "/info/company_id", "empty"),
    ("UPDATE-NACK-EMPTY", UPDATE, "/registration/id", "empty"),
    ("DOCUMENTS-NACK-REGISTRATION", ADD, "/registration", "missing null string"),
    ("DOCUMENTS-NACK-ID", ADD, "/registration/id", "null number array"),
    ("DOCUMENTS-NACK-DOCUMENTS", ADD, "/documents", "object string"),
    ("DOCUMENTS-NACK-DOCUMENTS", ADD, "/documents/*", "null number"),
    ("DOCUMENTS-NACK-DOCUMENT-NAME", ADD, "/documents/*/name", "missing number"),
    ("DOCUMENTS-NACK-DOCUMENT-DATA", ADD, "/documents/*/data", "missing boolean object"),
    ("DOCUMENTS-NACK-EMPTY", ADD, "/documents/*/name", "empty"),
    ("DOCUMENTS-NACK-EMPTY", ADD, "/documents/*/data", "empty"),
)

_BEYOND_FIRST: tuple[tuple[str, str, str, str], ...] = (
    ("SIGNUP-NACK-DOCUMENT-NAME", SIGNUP, "/documents/*/name", "null"),
    ("SIGNUP-NACK-DOCUMENT-DATA", SIGNUP, "/documents/*/data", "missing"),
    ("DOCUMENTS-NACK-DOCUMENT-NAME", ADD, "/documents/*/name", "null"),
    ("DOCUMENTS-NACK-DOCUMENT-DATA", ADD, "/documents/*/data", "null"),
)
"""Faults that are let through in any document but the first."""

_UNKNOWN: tuple[tuple[str, str], ...] = (
    ("GET-NACK-UNKNOWN", GET),
    ("UPDATE-NACK-UNKNOWN", UPDATE),
    ("DOCUMENTS-NACK-UNKNOWN", ADD),
)


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for requirement, action, pointer, kinds in _ROWS:
        for kind in kinds.split():
            yield Defect(
                name=f"{place_name(action, pointer)}-{kind}-accepted",
                requirement=requirement,
                operation=action,
                pointer=pointer,
                summary=f"{action} is acknowledged though {_field(pointer)} {PHRASES[kind]}",
                install=accepting(action, pointer, _kind(kind), 0),
            )
    for requirement, action, pointer, kind in _BEYOND_FIRST:
        yield Defect(
            name=f"{place_name(action, pointer)}-{kind}-accepted-beyond-first",
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"only the first document is checked: later on {_field(pointer)} {PHRASES[kind]}",
            install=accepting(action, pointer, _kind(kind), 1),
        )
    for requirement, action in _UNKNOWN:
        yield Defect(
            name=f"{slug(action)}-unknown-accepted",
            requirement=requirement,
            operation=action,
            pointer="/registration/id",
            summary=f"{action} answers for an unknown id from what belongs to the token",
            install=_accepting_unknown(action),
        )


def place_name(action: str, pointer: str) -> str:
    """Name a place, as `signup-documents-item-name`."""
    names = ("item" if part == "*" else part.replace("_", "-") for part in parts(pointer))
    return "-".join((slug(action), *names))


def _field(pointer: str) -> str:
    """Write a place as the page does, as `documents[].name`."""
    return ".".join(parts(pointer)).replace(".*", "[]")


def _kind(kind: str) -> Test:
    return lambda request, place: is_kind(kind, request, place)


def accepting(action: str, pointer: str, is_let_through: Test, first: int) -> Install:
    """Let some faults of a member through, each where it is the only one, in documents from the first index on."""

    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            faults: Faults = inner(request)
            if request.action != action or len(faults) != 1:
                return faults
            place = next(iter(faults))
            index = next((part for part in place if isinstance(part, int)), first)
            let_through = matches(place, pointer) and index >= first and is_let_through(request, place)
            return {} if let_through else faults

        def content(inner: Any, request: Request) -> Json:
            return _completed(gateway.specification.requests[request.action], request.body)

        def find(inner: Any, request: Request) -> Registration | None:
            if request.action == action and not request.id:
                return gateway.store.owner(digest(request.token))
            found: Registration | None = inner(request)
            return found

        wrap(gateway, "check_body", check_body)
        wrap(gateway, "content", content)
        wrap(gateway, "find", find)

    return install


def _completed(shape: Member, value: Json) -> Json:
    """Keep a faulty value in such a form that the rest of the gateway, and its replies, stay sound."""
    if "object" in shape.types:
        given = value if isinstance(value, dict) else {}
        names = [name for name in shape.members if name in shape.required or given.get(name) is not None]
        return {name: _completed(shape.members[name], given.get(name)) for name in names}
    if "array" in shape.types and shape.items is not None:
        items = value if isinstance(value, list) else []
        return [_completed(shape.items, item) for item in items if json_type(item) in shape.items.types]
    if value is not None and json_type(value) in shape.types:
        return value
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _accepting_unknown(action: str) -> Install:
    """Acknowledge a call about an unknown registration, and change nothing."""

    def install(gateway: Gateway) -> None:
        def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
            owner = gateway.store.owner(digest(request.token))
            if request.action != action or reason != "unknown" or owner is None:
                refusal: Reply = inner(request, reason, message, faults)
                return refusal
            change = {UPDATE: gateway.update, ADD: gateway.add}.get(action)
            shown = change(request, owner) if change else owner
            return gateway.acknowledge(request, replace(shown, id=request.id))

        wrap(gateway, "refuse", refuse)

    return install
