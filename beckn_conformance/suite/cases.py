"""Test cases that several files of the suite share, derived from the schemas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from beckn_conformance.client.actor import Actor
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.judging.checks import blamed, may_be_too_early
from beckn_conformance.judging.known import in_another_case
from beckn_conformance.judging.obligations import compares_replies
from beckn_conformance.messages.exchange import Exchange
from beckn_conformance.messages.faults import LEFT_OUT, FaultCase, fault_cases
from beckn_conformance.messages.registration import Registration
from beckn_conformance.messages.tokens import (
    other_beginnings,
    other_ends,
    with_more_behind,
    with_more_in_front,
    with_wildcards,
)
from beckn_conformance.messages.values import SIZES
from beckn_conformance.run.scenario import case
from beckn_conformance.specification import requests
from beckn_conformance.specification.actions import ADD, GET, SIGNUP, UPDATE
from beckn_conformance.specification.pointer import member as member_at
from beckn_conformance.specification.pointer import parts_of, put
from beckn_conformance.suite.specification import current

ANSWERED = ("REPLY-NO-CRASH", "REPLY-TIME")
"""Requirements that every reply to a particular request exercises as well."""

GENERAL = {
    SIGNUP: ("NACK-SOUND", "NACK-TEXT", "NACK-ECHO", *ANSWERED),
    GET: ("NACK-TEXT", "NACK-ECHO", *ANSWERED),
    UPDATE: ("NACK-SOUND", "NACK-TEXT", "NACK-ECHO", "UPDATE-FAIL-STATUS", *ANSWERED),
    ADD: ("NACK-SOUND", "NACK-TEXT", "NACK-ECHO", *ANSWERED),
}
"""Requirements that the refusal of a faulty member exercises, by operation."""


def own(action: str, *endings: str) -> tuple[str, ...]:
    """Returns those requirements of an operation's own that there are, by the endings of their ids."""
    ids = (f"{current().operation(action).prefix}-{ending}" for ending in endings)
    return tuple(id_ for id_ in ids if id_ in current().requirements)


ACTIONS = tuple(operation.action for operation in current().operations)
UNEVEN = {"/info/name": "ampersand", "/info/phone": "with extension", "/info/email": "with a tag"}
LONG = {"/info/name": "64 characters", "/info/email": "64 characters", "/api/endpoint_url": "120 characters"}
"""By member, kinds of values that are easily lost or cut."""
OTHERS = tuple(action for action in ACTIONS if action not in GENERAL)
"""Operations without a file of their own in the suite."""
HISTORY = tuple(
    id_
    for id_ in sorted(current().requirements)
    if compares_replies(id_)
    and not id_.startswith(tuple(f"{current().operation(action).prefix}-" for action in OTHERS))
)
"""Requirements under which replies are compared with earlier ones, without those of other operations."""
GENERAL |= {action: own(action, "FAIL-STATUS") + GENERAL[GET] for action in OTHERS}


def fault_parameters(action: str, *unchanged: str) -> list[Any]:
    """Returns one parameter set for every fault of a single member, under the requirement that it is refused.

    ``unchanged`` names the requirements that the registration stays as it was, if the fault leaves it identified.
    """
    specification = current()
    parameters = []
    for fault in fault_cases(action, specification, GatewayConfig("")):
        requirements = [fault.requirement]
        if specification.blames_registration(action) or not fault.member.startswith("/registration"):
            requirements += GENERAL[action]
        else:
            requirements += ANSWERED
        if not fault.member.startswith("/registration"):
            requirements += unchanged
        if "*/" in fault.member and not fault.in_first_item:
            requirements.append("NACK-INDEX")
        parameters.append(case(requirements, fault, id=f"{fault.pointer}-{fault.kind}"))
    return parameters


Kinds = Mapping[str, str]
"""Kinds of valid values, by member."""


def variant_parameters(action: str, *kept: str) -> list[Any]:
    """Returns parameter sets with every kind of valid value of every member, under the requirements that they are
    accepted.

    One request has a kind of each member, except that what only SHOULD be accepted, and what is left out, is alone.
    ``kept`` names the requirements that an accepted value is returned later.
    """
    specification = current()
    bodies: defaultdict[object, list[tuple[str, str, str]]] = defaultdict(list)
    for member in specification.members(action):
        for strength in ("must", "should"):
            requirement = requests.accepting(specification, action, member.pointer, strength)
            if requirement is not None:
                for number, kind in enumerate(member.variants(strength)):
                    key = number if strength == "must" else (member.pointer, kind)
                    bodies[key].append((requirement.id, member.pointer, kind))
        if member.omissible:
            requirement = requests.accepting(specification, action, member.pointer, "must")
            id_ = requirement.id if requirement else f"{specification.operation(action).prefix}-ACK"
            bodies[member.pointer].append((id_, member.pointer, LEFT_OUT))
    return [
        case(
            (*dict.fromkeys(id_ for id_, _, _ in values), *kept),
            {pointer: kind for _, pointer, kind in values},
            id="+".join(f"{pointer.rpartition('/')[2]}-{kind}" for _, pointer, kind in values),
        )
        for values in bodies.values()
    ]


async def together_or_apart(kinds: Kinds, attempt: Callable[[Kinds], Awaitable[Exchange]]) -> None:
    """Sends a request with several kinds of values; if it is refused, also one with each, which shows whose fault it
    is."""
    if not (await attempt(kinds)).acknowledged and len(kinds) > 1:
        for member, kind in kinds.items():
            await attempt({member: kind})


def mixed_faults(action: str) -> list[Any]:
    """Returns pairs and larger groups of members to make faulty together."""
    groups: list[tuple[str, ...]] = [
        ("/info/phone", "/info/email"),
        ("/info/name", "/info/company_id"),
        ("/info/name", "/info/phone", "/info/email", "/info/company_id"),
    ]
    if action == SIGNUP:
        groups += [
            ("/info/phone", "/api/endpoint_url"),
            ("/info/email", "/documents/1/name"),
            ("/documents/0/name", "/documents/0/data"),
            ("/documents/0/data", "/documents/2/name"),
            ("/info/name", "/info/phone", "/documents/0/name", "/documents/1/data", "/api/endpoint_url"),
        ]
    if action == UPDATE:
        groups = [("/info/phone", "/info/email")]
    if action == ADD:
        groups = [
            ("/documents/0/name", "/documents/0/data"),
            ("/documents/0/data", "/documents/2/name"),
            ("/documents/0/name", "/documents/1/name", "/documents/2/name"),
        ]
    return [case("NACK-ALL", group, id="+".join(group)) for group in groups]


def parts_with(actor: Actor, action: str, kinds: Kinds) -> dict[str, Any]:
    """Returns the members of a valid request except ``registration``, with values of these kinds."""
    parts = actor.values.parts(action)
    for member, kind in kinds.items():
        if member in ("/documents/*/name", "/documents/*/data"):
            parts["documents"].insert(0, actor.values.document(kind))
        elif kind == LEFT_OUT:
            parent, _, name = member.replace("/*", "/0").rpartition("/")
            del member_at(parts, parent)[parts_of(f"/{name}")[0]]
        else:
            put(parts, member.replace("/*", "/0"), actor.values.value(member, kind, action=action))
    return parts


def signup_of(actor: Actor, kinds: Kinds, documents: int = 1) -> Any:
    """Returns the body of a valid signup with values of these kinds, by member, as far as the schemas know them.

    An operation may write or store what it shows in a way of its own.
    """
    body = actor.values.signup(documents)
    for member in current().members(SIGNUP):
        if (kind := kinds.get(member.pointer, "")) in member.variants("must"):
            put(body, member.pointer, actor.values.value(member.pointer, kind))
    return body


def large_documents(actor: Actor) -> list[dict[str, str]]:
    """Returns three documents that, with two small ones, make a call of almost 64 KB (Q10)."""
    return [actor.values.document(size=SIZES[name]) for name in ("just over 8 KB", "just over 16 KB", "32 KB")]


def spoiled(body: Any, pointers: tuple[str, ...]) -> Any:
    """Returns the body with each of these members replaced by a faulty value."""
    for pointer in pointers:
        put(body, pointer, {"phone": "12", "email": "nobody"}.get(parts_of(pointer)[-1]))
    return body


async def update_and_read(actor: Actor, registration: Registration, info: Any = None) -> None:
    """Updates a registration, with new values if none are given, and reads it until that shows."""
    change = await actor.update(registration, actor.values.info() if info is None else info)
    await actor.get_after(change, registration)


async def add_and_read(actor: Actor, registration: Registration, documents: Any = None) -> Exchange:
    """Adds documents to a registration, a new one if none are given, and reads it until they show."""
    change = await actor.add(registration, [actor.values.document()] if documents is None else documents)
    await actor.get_after(change, registration)
    return change


async def call_about_unknown(actor: Actor, action: str, parts: dict[str, Any]) -> None:
    """Calls with ids that no signup gave, and the valid token of an existing registration (R16)."""
    registration = await actor.registered()
    await actor.get(registration)
    id_ = actor.values.unknown_id(registration.id, {registration.id})
    # Loose comparisons and readers of numbers take the others for the registration's own.
    ends = other_ends(registration.id)
    longer = (with_more_behind(registration.id), with_more_in_front(registration.id))
    near = (*longer, *ends, *map(with_wildcards, ends[:1]), *other_beginnings(registration.id))
    for unknown in (id_, *near, *filter(None, [in_another_case(registration.id)])):
        body = {"registration": {"id": unknown}, **parts}
        if not _is_heard(await actor.call(action, body, token=registration.token)):
            # The token may not be visible yet (R19), and a gateway may lock it after a few such calls (H3).
            await actor.settle()
            await actor.call(action, body, token=registration.token)
    await actor.get(registration)


async def call_with_fault(
    actor: Actor, registration: Registration, action: str, fault: FaultCase, parts: dict[str, Any]
) -> None:
    """Makes a call with one faulty member, with a Provider/get before and after it."""
    await actor.get(registration)
    body = fault.spoil({"registration": {"id": registration.id}, **parts})
    if fault.member.startswith("/registration"):
        await until_blamed(actor, registration, action, body)
    else:
        await actor.about(registration, action, body=body)
    await actor.get(registration)


async def until_blamed(actor: Actor, registration: Registration, action: str, body: Any) -> None:
    """Makes a call that names no known registration; repeats it while the NACK blames nothing and the token may not be
    visible yet (R19)."""

    await actor.about(registration, action, body=body, enough=_is_heard)


def _is_heard(exchange: Exchange) -> bool:
    """Returns False for a NACK that blames nothing though it has a place to say what is wrong with the registration."""
    unheard = not current().blames_registration(exchange.action)
    return unheard or not may_be_too_early(exchange) or bool(blamed(exchange))
