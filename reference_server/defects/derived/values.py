"""Values that come back as others than were sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reference_server.catalogue import Catalogue
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, Faults, Json, Reply, Request
from reference_server.planting import Defect, Install, defect
from reference_server.planting.edits import Change, edited, gone, matches, member, parts, place_name
from reference_server.planting.steps import added, always, both, checking, fresh, giving, in_ack, in_reply
from reference_server.specification import Specification
from reference_server.validation import json_type

_KEPT_APART = ("/info", "/documents", "/documents/*", "/api")
"""What the gateway itself could not do without."""


def defects(specification: Specification, catalogue: Catalogue) -> Iterator[Defect]:
    for action, shape in specification.requests.items():
        for pointer, sent in shape.below():
            if not sent.is_scalar or pointer.startswith("/registration"):
                continue
            yield from _changed(catalogue, action, pointer, "", "changed", another)
            if sent.type == "string":
                yield from _changed(catalogue, action, pointer, "-EXACT", "padded", "{} ".format)
    for pointer, _ in specification.requests[SIGNUP].below():
        if specification.acks[SIGNUP].requires(pointer) and pointer not in _KEPT_APART:
            yield from _ignored(catalogue, pointer)


def another(value: Json) -> Json:
    """Give another value of the same type."""
    match json_type(value):
        case "string":
            return f"{value}x"
        case "boolean":
            return not value
        case "number":
            return value + 1
    return value


def _changed(
    catalogue: Catalogue, action: str, pointer: str, ending: str, name: str, change: Change
) -> Iterator[Defect]:
    for requirement, operation in catalogue.echoes(action, ending):
        if operation == ADD:
            install = of_new(member(pointer.rpartition("/")[2], change))
        else:
            install = in_ack(operation, pointer, change, fresh if operation == GET else always)
        words = f"{operation} gives another {pointer} than was sent ({name})"
        yield defect(f"{place_name(operation, pointer)}-{name}", requirement, operation, pointer, words, install)


def of_new(change: Change) -> Install:
    """Change the documents just added, in the reply that lists them."""

    def edit(request: Request, reply: Reply) -> Reply:
        items = reply.body["documents"]
        old = len(items) - added(request)
        return replace(reply, body={**reply.body, "documents": [*items[:old], *map(change, items[old:])]})

    return in_reply("ACK", ADD, edit)


def _ignored(catalogue: Catalogue, pointer: str) -> Iterator[Defect]:
    """A member that the gateway has never heard of."""
    requirement = catalogue.of(SIGNUP, "BODY")
    if requirement is None:
        return

    def check(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        return {place: message for place, message in faults.items() if not matches(place, pointer)}

    install = both(giving("content", lambda kept, _: edited(kept, parts(pointer), gone)), checking(check))
    summary = f"the gateway neither checks, keeps nor shows {pointer}"
    also = (*catalogue.bodies(), *catalogue.about(pointer), "NACK-ALL", "NACK-INDEX")
    yield defect(f"{place_name(SIGNUP, pointer)}-ignored", requirement, SIGNUP, pointer, summary, install, *also)
