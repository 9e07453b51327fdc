"""Defects that follow from schemas/ alone: for members and operations that no other family knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

from reference_server.catalogue import Catalogue
from reference_server.defects.accepted import accepting, place_name
from reference_server.defects.defect import Defect
from reference_server.defects.refused import refusing
from reference_server.edits import GONE, always, edited, in_ack, in_nack, parts, slug
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, Json, Place, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import PENDING, Registration
from reference_server.specification import Member, Specification
from reference_server.validation import json_type

_OTHER_TYPE: Mapping[str, Json] = {"string": 12345, "number": "text", "boolean": "text", "array": "text", "object": "x"}
_MISSING: Any = object()


def defects(specification: Specification, catalogue: Catalogue, known: set[tuple[str, str]]) -> Iterator[Defect]:
    """Make a defect for each way in which a member can be mistreated that no known defect touches.

    ``known`` are operations and pointers of the defects that others made.
    """
    for action, shape in specification.requests.items():
        members = [(pointer, member) for pointer, member in shape.below() if (action, pointer) not in known]
        for pointer, member in members:
            required = specification.requires(action, pointer)
            yield from _accepted(catalogue, action, pointer, member, required=required)
            yield from _refused(catalogue, action, pointer, member)
            yield from _changed(catalogue, action, pointer, member)
        if action not in (operation for operation, _ in known):
            yield from _of_operation(catalogue, action)
    for pointer, _ in specification.requests[SIGNUP].below():
        if (SIGNUP, pointer) not in known and specification.replies(SIGNUP, pointer):
            yield _ignored(catalogue, pointer)


def _accepted(catalogue: Catalogue, action: str, pointer: str, member: Member, *, required: bool) -> Iterator[Defect]:
    """Faulty values that are let through, and refusals that do not say where the fault is."""
    for requirement in catalogue.refusing(action, pointer, "must"):
        values: dict[str, Json] = {f"malformed-{_slug(name)}": value for name, value in member.malformed.items()}
        kind = next(iter(sorted(member.types - {"null"})))
        values["another-type"] = _OTHER_TYPE[kind]
        if required:
            values["missing"] = _MISSING
        for name, value in values.items():
            yield Defect(
                name=f"{place_name(action, pointer)}-{name}-accepted",
                requirement=requirement,
                operation=action,
                pointer=pointer,
                summary=f"{action} is acknowledged though {pointer} is faulty ({name.replace('-', ' ')})",
                install=accepting(action, pointer, _stands(_is(value)), 0),
                # What is kept as a text shows in every reply from then on.
                consequences=frozenset(catalogue.bodies().values() if kind != "string" else ()),
            )
        yield Defect(
            name=f"{place_name(action, pointer)}-not-blamed",
            requirement=requirement,
            operation=action,
            pointer=pointer,
            summary=f"{action} does not say what is wrong with {pointer}",
            install=in_nack(action, pointer, lambda _: GONE),
            consequences=frozenset({"NACK-ALL", "NACK-INDEX"}),
        )
    for requirement in catalogue.refusing(action, pointer, "should"):
        if "empty" in catalogue.kinds(requirement):
            yield Defect(
                name=f"{place_name(action, pointer)}-empty-accepted",
                requirement=requirement,
                operation=action,
                pointer=pointer,
                summary=f"{action} is acknowledged though {pointer} is empty",
                install=accepting(action, pointer, _stands(_is("")), 0),
            )


def _refused(catalogue: Catalogue, action: str, pointer: str, member: Member) -> Iterator[Defect]:
    """Valid values that are refused, by their kinds."""
    for requirement in catalogue.accepting(action, pointer):
        kinds = {name: _matches(pattern) for name, pattern in member.variants.items()}
        if not kinds and not member.members and member.items is None:
            kinds["some"] = _one_of_two
        for name, test in kinds.items():
            yield Defect(
                name=f"{place_name(action, pointer)}-{_slug(name)}-refused",
                requirement=requirement,
                operation=action,
                pointer=pointer,
                summary=f"{action} refuses values of {pointer} ({name})",
                install=refusing(action, pointer, test),
                consequences=frozenset({"UPDATE-NACK-UNKNOWN", "NACK-SOUND"} if action != SIGNUP else ()),
            )


def _changed(catalogue: Catalogue, action: str, pointer: str, member: Member) -> Iterator[Defect]:
    """Values that come back as others."""
    if member.members or member.items or pointer.startswith("/registration"):
        return
    for requirement, operation in catalogue.echoes(action):
        yield Defect(
            name=f"{place_name(operation, pointer)}-changed",
            requirement=requirement,
            operation=operation,
            pointer=pointer,
            summary=f"{operation} gives another {pointer} than was sent",
            install=in_ack(operation, pointer, _another, _is_fresh if operation == GET else always),
            # Documents of before come back with the new ones.
            consequences=frozenset({"DOCUMENTS-LISTED"} if operation == ADD else ()),
        )


def _ignored(catalogue: Catalogue, pointer: str) -> Defect:
    """A member that the gateway has never heard of."""
    bodies = catalogue.bodies()
    return Defect(
        name=f"{place_name(SIGNUP, pointer)}-ignored",
        requirement=bodies[SIGNUP],
        operation=SIGNUP,
        pointer=pointer,
        summary=f"the gateway neither checks, keeps nor shows {pointer}",
        install=_ignoring(pointer),
        consequences=frozenset({*bodies.values(), *catalogue.about(pointer), "NACK-ALL", "NACK-INDEX"}),
    )


def _of_operation(catalogue: Catalogue, action: str) -> Iterator[Defect]:
    """What can be wrong with an operation of which no other family knows."""
    rows = (
        ("ENDPOINT", "absent", "", "is not there", _leaving_out(action)),
        ("ACK", "refused", "", "refuses every call", _refusing_all(action)),
        (
            "BODY",
            "without-registration",
            "/registration",
            "does not show the registration",
            in_ack(action, "/registration", lambda _: GONE),
        ),
    )
    for ending, name, pointer, summary, install in rows:
        if (requirement := catalogue.of_operation(action, ending)) is not None:
            yield Defect(
                f"{slug(action)}-{name}",
                requirement,
                action,
                pointer,
                f"{action} {summary}",
                install,
                frozenset({"REPLY-ACTION", "REPLY-JSON", "TOKEN-ACCEPTED"} if ending == "ENDPOINT" else ()),
            )


def _leaving_out(action: str) -> Install:
    def install(gateway: Gateway) -> None:
        def operation(inner: Any, path: str) -> str | None:
            found: str | None = inner(path)
            return None if found == action else found

        wrap(gateway, "operation", operation)

    return install


def _refusing_all(action: str) -> Install:
    def install(gateway: Gateway) -> None:
        def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
            refusal: Reply | None = inner(request, registration)
            if refusal is None and request.action == action and registration is not None:
                return gateway.refuse(request, "closed", "the service is closed")
            return refusal

        wrap(gateway, "authorise", authorise)

    return install


def _is_fresh(request: Request, reply: Reply) -> bool:
    """Concern registrations that were never changed: later ones have requirements of their own."""
    return bool(reply.body["registration"]["status"] == PENDING)


def _another(value: Json) -> Json:
    match json_type(value):
        case "string":
            return f"{value}x"
        case "boolean":
            return not value
        case "number":
            return value + 1
    return value


def _stands(test: Callable[[Json], bool]) -> Callable[[Request, Place], bool]:
    return lambda request, place: test(request.at(place))


def _is(value: Json) -> Callable[[Json], bool]:
    """Say whether what stands at a place is this very value, or of its type where another one is due."""
    if value is _MISSING:
        return lambda found: found is None
    if value in ("text", 12345, "x"):
        return lambda found: json_type(found) == json_type(value)
    return lambda found: bool(found == value)


def _matches(pattern: str) -> Callable[[Json], bool]:
    return lambda found: isinstance(found, str) and re.search(pattern, found) is not None


def _one_of_two(found: Json) -> bool:
    """Choose about every second value."""
    return crc32(json.dumps(found).encode()) % 2 == 0


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "kind"


def _ignoring(pointer: str) -> Install:
    def install(gateway: Gateway) -> None:
        def content(inner: Any, request: Request) -> Json:
            return edited(inner(request), parts(pointer), lambda _: GONE)

        def check_body(inner: Any, request: Request) -> Any:
            place = parts(pointer)
            return {
                fault: message
                for fault, message in inner(request).items()
                if tuple(part for part in fault if isinstance(part, str)) != tuple(p for p in place if p != "*")
            }

        wrap(gateway, "content", content)
        wrap(gateway, "check_body", check_body)

    return install
