"""Small changes of values, and defects and variations that only change a value in a reply."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from reference_server.binding import EnvelopeBinding
from reference_server.gateway import Gateway
from reference_server.message import Answer, Json, Place, Reply, Request
from reference_server.planting import Install, wrap

Change: TypeAlias = Callable[[Json], Json]
"""Makes another value of one."""

Condition: TypeAlias = Callable[[Request, Reply], bool]
"""Says whether a reply to a request is one that a defect concerns."""

GONE: Any = object()
"""Returned by a change to leave a member out."""


def parts(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer; `*` stays as it is."""
    return tuple(pointer.split("/")[1:])


def matches(place: Place, pointer: str) -> bool:
    """Say whether a place is the one of a pointer, `*` standing for any index."""
    pattern = parts(pointer)
    return len(place) == len(pattern) and all(
        wanted == part or (wanted == "*" and isinstance(part, int)) for part, wanted in zip(place, pattern, strict=True)
    )


def edited(value: Json, path: tuple[str, ...], change: Change) -> Json:
    """Copy a value with a change at each place of a path that is there."""
    if not path:
        return change(value)
    if path[0] == "*" and isinstance(value, list):
        items = (edited(item, path[1:], change) for item in value)
        return [item for item in items if item is not GONE]
    if isinstance(value, Mapping) and path[0] in value:
        members = {**value, path[0]: edited(value[path[0]], path[1:], change)}
        return {name: member for name, member in members.items() if member is not GONE}
    return value


def always(request: Request, reply: Reply) -> bool:
    """Concern every reply."""
    return True


def in_reply(
    outcome: str,
    action: str,
    change: Callable[[Request, Reply], Reply],
    when: Condition = always,
    reasons: Collection[str] = (),
) -> Install:
    """Change the ACKs or NACKs of one operation before they are written."""

    def install(gateway: Gateway) -> None:
        def finish(inner: Any, request: Request, reply: Reply) -> Reply:
            given: Reply = inner(request, reply)
            concerned = given.action == outcome and request.action == action
            if concerned and (not reasons or given.reason in reasons) and when(request, given):
                return change(request, given)
            return given

        wrap(gateway, "finish", finish)

    return install


def in_ack(action: str, pointer: str, change: Change, when: Condition = always) -> Install:
    """Change a member of the body of an ACK."""
    return in_reply(
        "ACK",
        action,
        lambda request, reply: replace(reply, body=edited(reply.body, parts(pointer), change)),
        when,
    )


def in_nack(action: str, pointer: str, change: Change, *reasons: str) -> Install:
    """Change a member of the body of a NACK."""
    return in_reply(
        "NACK",
        action,
        lambda request, reply: replace(reply, body=edited(reply.body, parts(pointer), change)),
        reasons=reasons,
    )


def in_answer(
    action: str, change: Callable[[Answer], Answer], outcome: str = "ACK", when: Condition = always
) -> Install:
    """Change the written form of the replies of one operation."""

    def install(gateway: Gateway) -> None:
        def write(inner: Any, request: Request, reply: Reply) -> Answer:
            answer: Answer = inner(request, reply)
            concerned = request.action == action and reply.action == outcome and when(request, reply)
            return change(answer) if concerned else answer

        wrap(gateway, "write", write)

    return install


def enveloped(install: Install) -> Install:
    """Let header and body travel in one object."""

    def installed(gateway: Gateway) -> None:
        gateway.binding = EnvelopeBinding()
        install(gateway)

    return installed


def writing(change: Callable[[Answer], Answer]) -> Install:
    """Change the written form of every reply."""

    def install(gateway: Gateway) -> None:
        def write(inner: Any, request: Request, reply: Reply) -> Answer:
            return change(inner(request, reply))

        wrap(gateway, "write", write)

    return install


def crashed(answer: Answer) -> Answer:
    """Give what a framework answers for an exception that nobody caught."""
    return Answer(500, (("content-type", "text/plain; charset=utf-8"),), b"Internal Server Error")


def slug(action: str) -> str:
    """Name an operation without the word that all of them begin with."""
    return "-".join(action.split("/")[1:])


def to(value: Json) -> Change:
    """Put this in the place of any value."""
    return lambda _: value


def on_items(select: Callable[[list[Json]], list[Json]]) -> Change:
    """Change a list, and leave alone what is none."""
    return lambda value: select(value) if isinstance(value, list) else value


def nth(index: int, change: Change) -> Change:
    """Change one item of a list where it has that many."""

    def at(items: list[Json]) -> list[Json]:
        changed = [change(item) if number == index else item for number, item in enumerate(items)]
        return [item for item in changed if item is not GONE]

    return on_items(at)


def member(name: str, change: Change) -> Change:
    """Change a member of an object."""
    return lambda value: edited(value, (name,), change)


def decomposed(text: Json) -> Json:
    """Give a text in Unicode normal form D."""
    return unicodedata.normalize("NFD", text)


def ascii_only(text: Json) -> Json:
    """Give a text with a question mark for each character that is not ASCII."""
    return text.encode("ascii", "replace").decode()
