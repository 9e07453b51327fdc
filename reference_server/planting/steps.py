"""How a step of a gateway is replaced, and ready-made replacements of the usual ones."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from reference_server.binding import EnvelopeBinding
from reference_server.gateway import Gateway
from reference_server.message import ADD, Answer, Call, Faults, Json, Reply, Request
from reference_server.planting.edits import Change, edited, parts, to
from reference_server.registration import PENDING, VERIFIED, Registration, digest

Install: TypeAlias = Callable[[Gateway], None]
"""Changes a gateway that was just made."""

Condition: TypeAlias = Callable[[Request, Reply], bool]
"""Returns whether a reply to a request is one that a defect concerns."""

Kept: TypeAlias = Callable[[Registration, Registration], Registration]
"""Makes what is kept after a change of what was kept before it and what should be."""

Past: TypeAlias = Mapping[str, Sequence[str]]
"""By registration, the Actions of its calls so far."""

# Steps as they were, which a replacement gets first.
Answering: TypeAlias = Callable[[Call], Awaitable[Answer]]
Reading: TypeAlias = Callable[[Call], Request]
Replying: TypeAlias = Callable[[Request], Awaitable[Reply]]
Checking: TypeAlias = Callable[[Request], Faults]
CheckingMember: TypeAlias = Callable[[Request], "str | None"]
Finding: TypeAlias = Callable[[Request], "Registration | None"]
Authorising: TypeAlias = Callable[[Request, "Registration | None"], "Reply | None"]
Performing: TypeAlias = Callable[[Request, Registration], Awaitable[Registration]]
Changing: TypeAlias = Callable[[Request, Registration], Registration]
Rendering: TypeAlias = Callable[[Request, Any], Json]
Registering: TypeAlias = Callable[..., Registration]
Refusing: TypeAlias = Callable[[Request, str, str, "Faults | None"], Reply]
Finishing: TypeAlias = Callable[[Request, Reply], Reply]
Cloning: TypeAlias = Callable[[Registration, str], Awaitable["Registration | None"]]

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
T = TypeVar("T")

REFUSED = "refused "
"""Stands before the Action of a call that was refused for its body."""


def installing(function: Callable[Concatenate[Gateway, P], None]) -> Callable[P, Install]:
    """Decorate a function that changes a gateway, so that it takes all other arguments beforehand."""

    def given(*arguments: P.args, **named: P.kwargs) -> Install:
        return lambda gateway: function(gateway, *arguments, **named)

    return given


def replaces(part: object) -> Callable[[F], F]:
    """Decorate a function that replaces the step of its name; it gets the step as it was, then what the step gets."""

    def plant(function: F) -> F:
        name = function.__name__
        setattr(part, name, partial(function, getattr(part, name)))
        return function

    return plant


@installing
def both(gateway: Gateway, *installs: Install) -> None:
    """Plant several changes that are one bug."""
    for part in installs:
        part(gateway)


# Replies and answers.


def always(request: Request, reply: Reply) -> bool:
    """Match every reply."""
    return True


def fresh(request: Request, reply: Reply) -> bool:
    """Match registrations that were never changed: later ones have requirements of their own."""
    return bool(reply.body["registration"]["status"] == PENDING)


def for_reason(*reasons: str) -> Condition:
    """Match NACKs with some reasons."""
    return lambda request, reply: reply.reason in reasons


@installing
def giving(gateway: Gateway, step: str, change: Callable[..., Any]) -> None:
    """Change what a step gives; the change gets that first, and then what the step got."""

    def changed(inner: Callable[..., Any], *arguments: Any) -> Any:
        return change(inner(*arguments), *arguments)

    changed.__name__ = step
    replaces(gateway)(changed)


def finishing(change: Finishing) -> Install:
    """Change every reply before it is written."""
    return giving("finish", lambda given, request, reply: change(request, given))


def in_reply(
    outcome: str, action: str, change: Finishing, when: Condition = always, reasons: Collection[str] = ()
) -> Install:
    """Change the ACKs or NACKs of one operation before they are written."""

    def changed(request: Request, reply: Reply) -> Reply:
        concerned = (reply.action, request.action) == (outcome, action)
        if concerned and (not reasons or reply.reason in reasons) and when(request, reply):
            return change(request, reply)
        return reply

    return finishing(changed)


def in_ack(action: str, pointer: str, change: Change, when: Condition = always) -> Install:
    """Change a member of the body of an ACK."""
    return in_reply("ACK", action, _at(pointer, change), when)


def in_nack(action: str, pointer: str, change: Change, *reasons: str) -> Install:
    """Change a member of the body of a NACK."""
    return in_reply("NACK", action, _at(pointer, change), reasons=reasons)


def _at(pointer: str, change: Change) -> Finishing:
    return lambda request, reply: replace(reply, body=edited(reply.body, parts(pointer), change))


def writing(change: Callable[[Answer], Answer], when: Condition = always) -> Install:
    """Change the written form of replies."""
    return giving("write", lambda answer, request, reply: change(answer) if when(request, reply) else answer)


def in_answer(
    action: str, change: Callable[[Answer], Answer], outcome: str = "ACK", when: Condition = always
) -> Install:
    """Change the written form of the replies of one operation."""
    return writing(
        change, lambda request, reply: (request.action, reply.action) == (action, outcome) and when(request, reply)
    )


def rebodied(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    """Change the text of an answer; what came in the place of JSON, a page or nothing at all, stays as it is."""
    return lambda answer: replace(answer, body=change(answer.body)) if answer.body.startswith(b"{") else answer


def declared(media_type: str | None) -> Callable[[Answer], Answer]:
    """Return an answer another media type, or none."""
    fields = (("Content-Type", media_type),) if media_type else ()

    def change(answer: Answer) -> Answer:
        others = (field for field in answer.headers if field[0].lower() != "content-type")
        return replace(answer, headers=(*fields, *others))

    return change


def crashed(answer: Answer) -> Answer:
    """Return what a framework answers for an exception that nobody caught."""
    return Answer(500, (("content-type", "text/plain; charset=utf-8"),), b"Internal Server Error")


def answering(when: Callable[[Call], bool], answer: Answer) -> Install:
    """Answer some calls in place of the gateway."""
    return fronting(lambda call: answer if when(call) else None)


@installing
def fronting(gateway: Gateway, front: Callable[[Call], Answer | None]) -> None:
    """Let something in front answer some calls in place of the gateway."""

    @replaces(gateway)
    async def answer(inner: Answering, call: Call) -> Answer:
        page = front(call)
        return await inner(call) if page is None else page


@installing
def enveloped(gateway: Gateway, install: Install, header: str = "header", body: str = "body") -> None:
    """Let header and body travel in one object."""
    gateway.binding = EnvelopeBinding(header, body)
    install(gateway)


# Requests.


@installing
def checking(gateway: Gateway, check: Callable[[Gateway, Request, Faults], Faults]) -> None:
    """Change the faults that are found in a body."""

    @replaces(gateway)
    def check_body(inner: Checking, request: Request) -> Faults:
        return check(gateway, request, inner(request))


@installing
def blaming(gateway: Gateway, change: Callable[[Request, Faults], Faults], action: str, *reasons: str) -> None:
    """Change the messages for faults of a body, in NACKs with one of the reasons or, if none is given, any."""

    @replaces(gateway)
    def refuse(inner: Refusing, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        if faults and request.action == action and reason in (reasons or (reason,)):
            faults = change(request, faults)
        return inner(request, reason, message, faults)


@installing
def denying(
    gateway: Gateway,
    action: str,
    when: Callable[[Request, Registration], bool],
    refusal: Callable[[Gateway, Request], Reply],
) -> None:
    """Refuse some calls of one operation that would be carried out."""

    @replaces(gateway)
    def authorise(inner: Authorising, request: Request, registration: Registration | None) -> Reply | None:
        refused = inner(request, registration)
        if refused is None and registration is not None and request.action == action and when(request, registration):
            return refusal(gateway, request)
        return refused


@installing
def admitting(gateway: Gateway, action: str, when: Callable[[Request, Registration | None, Reply], bool]) -> None:
    """Carry out some calls of one operation that would be refused for their token."""

    @replaces(gateway)
    def authorise(inner: Authorising, request: Request, registration: Registration | None) -> Reply | None:
        refused = inner(request, registration)
        if refused is not None and request.action == action and when(request, registration, refused):
            return None
        return refused


def unknown(gateway: Gateway, request: Request) -> Reply:
    """Say that a registration is unknown."""
    faults: Faults = {("registration", "id"): "is not the id of a registration"}
    return gateway.refuse(request, "unknown", "the registration is unknown", faults)


def owned(gateway: Gateway, request: Request) -> bool:
    """Return whether a request names the registration that its token is of."""
    owner = gateway.store.owner(digest(request.token))
    return owner is not None and owner.id == request.id


@installing
def on_refusal(
    gateway: Gateway,
    action: str,
    change: Callable[[Gateway, Request, Registration], Registration],
    reason: str = "body",
) -> None:
    """Change a registration though a call of its provider is refused for a reason."""

    @replaces(gateway)
    def refuse(inner: Refusing, request: Request, why: str, message: str, faults: Faults | None = None) -> Reply:
        # Whoever has no right to the registration changes it only if that is the bug.
        if request.action == action and why == reason and (reason == "foreign" or owned(gateway, request)):
            gateway.store.change(request.id, lambda kept: change(gateway, request, kept))
        return inner(request, why, message, faults)


# Registrations.


def now(*_: object) -> float:
    """Return the time in seconds, by the clock of the loop."""
    return asyncio.get_running_loop().time()


def at_signup(gateway: Gateway, note: Callable[[Registration], T]) -> dict[str, T]:
    """Note something of each registration when it is made, by its id."""
    noted: dict[str, T] = {}

    def made(registration: Registration, *_: object) -> Registration:
        noted[registration.id] = note(registration)
        return registration

    giving("register", made)(gateway)
    return noted


def before_change(gateway: Gateway, action: str, note: Callable[[Request, Registration], T]) -> dict[str, T]:
    """Note something of each registration before it is changed by an operation, by its id."""
    noted: dict[str, T] = {}

    def changed(inner: Changing, request: Request, registration: Registration) -> Registration:
        if request.action == action:
            noted[registration.id] = note(request, registration)
        return inner(request, registration)

    changed.__name__ = gateway.step_of(action)
    replaces(gateway)(changed)
    return noted


@installing
def after(gateway: Gateway, action: str, change: Kept) -> None:
    """Keep something else than should be kept after a change."""

    def changed(inner: Changing, request: Request, registration: Registration) -> Registration:
        kept = inner(request, registration)
        return change(registration, kept) if request.action == action else kept

    changed.__name__ = gateway.step_of(action)
    replaces(gateway)(changed)


@installing
def performing(
    gateway: Gateway,
    action: str,
    performance: Callable[[Gateway, Request, Registration], Awaitable[Registration]],
    when: Callable[[Request], bool] = lambda request: True,
) -> None:
    """Carry out the calls of one operation, or some of them, in another way."""

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action == action and when(request):
            return await performance(gateway, request, registration)
        return await inner(request, registration)


@installing
def following(gateway: Gateway, action: str, then: Callable[[Gateway, Registration, Registration], object]) -> None:
    """Do something once a call of one operation was carried out, given the registration before and after it."""

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == action:
            then(gateway, registration, done)
        return done


def shown_as(action: str, status: str) -> Install:
    """Show a status of the registration in the replies of one operation, whatever is kept."""
    return in_ack(action, "/registration/status", to(status))


def unverified(before: Registration, kept: Registration) -> Registration:
    """Let verified documents wait again."""
    documents = (
        replace(document, status=PENDING) if document.status == VERIFIED else document for document in kept.documents
    )
    return replace(kept, documents=tuple(documents))


def recorded(gateway: Gateway) -> Past:
    """Record the calls about each registration; the current call is added once it is answered."""
    past: defaultdict[str, list[str]] = defaultdict(list)

    @replaces(gateway)
    async def reply(inner: Replying, request: Request) -> Reply:
        given = await inner(request)
        if given.action == "ACK" and request.id:
            past[request.id].append(request.action)
        elif given.reason == "body" and owned(gateway, request):
            past[request.id].append(REFUSED + request.action)
        return given

    return past


def with_info(info: Mapping[str, Json], kept: Registration) -> Registration:
    """Return a registration whose info was updated."""
    return replace(kept, info={**kept.info, **info}, status="UPDATE-PENDING")


def added(request: Request) -> int:
    """Count the documents that a request adds."""
    return len(request.body.get("documents") or ()) if request.action == ADD else 0
