"""§1–§4: properties that hold for every message, drawn by Hypothesis; --fuzz-examples says how many."""

from __future__ import annotations

import asyncio
from typing import Any

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import drawn, exercises
from beckn_conformance.specification.actions import SIGNUP, UPDATE
from beckn_conformance.suite import strategies
from beckn_conformance.suite.cases import ANSWERED, GENERAL
from beckn_conformance.suite.specification import current

NACKS = tuple(sorted({name for names in GENERAL.values() for name in names}))
ACCEPTED = tuple(r.id for r in current().requirements.values() if r.accepts is not None)
REFUSED = tuple(r.id for r in current().requirements.values() if r.refuses is not None)


def _body(actor: Actor, action: str, registration: Registration | None) -> dict[str, Any]:
    about = {"registration": {"id": registration.id}} if registration else {}
    return {**about, **actor.values.parts(action, documents=3)}


def _name(actor: Actor, text: str, repeated: int = 1) -> str:
    return " ".join([actor.values.realistic.word(), *[text] * repeated]).strip()


@exercises(
    *ACCEPTED,
    *("SIGNUP-ACK", "SIGNUP-ECHO", "SIGNUP-ECHO-EXACT", "SIGNUP-LONG-KEPT", "SIGNUP-DOCUMENTS-KEPT", "GET-ACK"),
    *("GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT", "UPDATE-ACK", "UPDATE-ECHO", "UPDATE-ECHO-EXACT", "UPDATE-WHOLE"),
    *("DOCUMENTS-ACK", "DOCUMENTS-ECHO", "DOCUMENTS-ECHO-EXACT", "DOCUMENTS-LISTED"),
)
@drawn(strategies.registrations)
async def test_round_trip(actor: Actor, example: Any) -> None:
    """A valid registration is acknowledged, kept and given back in any script."""
    values = actor.values
    body = values.signup(name=_name(actor, example["name"], example["repeated"]))
    for pointer, kind in example["kinds"]:
        strategies.spoil(body, pointer, "value", values.value(pointer, kind))
    body["documents"] = values.documents(*example["documents"])
    registration = await actor.usable(await actor.signup(body))
    if registration is None:
        return
    await actor.get(registration)
    updated = await actor.update(registration, values.info(name=_name(actor, example["new name"])))
    await actor.get_after(updated, registration)
    added = await actor.add(registration, values.documents(*example["added"]))
    await actor.get_after(added, registration)


@exercises(*REFUSED, *NACKS, *ANSWERED, "UPDATE-NACK-UNCHANGED", "DOCUMENTS-NACK-UNCHANGED")
@drawn(strategies.single_faults)
async def test_one_fault(actor: Actor, example: Any) -> None:
    """A request with one fault is refused, the faulty member is blamed, and nothing changes."""
    phone, email, *others = example
    faults = [
        (action, fault)
        for action in (SIGNUP, UPDATE)
        for fault in (("/info/phone", "value", phone), ("/info/email", "value", email))
    ] + others
    signups = [fault for action, fault in faults if action == SIGNUP]
    changes = [(action, fault) for action, fault in faults if action != SIGNUP]
    await asyncio.gather(
        *(actor.call(SIGNUP, strategies.spoil(_body(actor, SIGNUP, None), *fault)) for fault in signups)
    )
    registration = await actor.registered()
    await actor.get(registration)
    for action, fault in changes:
        pointer, how, value = fault
        if pointer == "/registration/id" and isinstance(value, str):
            # Of two changes to one registration at the same time, one may be refused before it is read (X3).
            value = actor.values.realistic.word() + value
        body = strategies.spoil(_body(actor, action, registration), pointer, how, value)
        await actor.call(action, body, token=registration.token)
    await actor.get(registration)


@exercises("NACK-ALL", *NACKS, *ANSWERED, "UPDATE-NACK-UNCHANGED", "DOCUMENTS-NACK-UNCHANGED")
@drawn(strategies.joint_faults)
async def test_several_faults(actor: Actor, example: Any) -> None:
    """Each of several faulty members is blamed, and nothing changes."""
    action, faults = example
    registration = None if action == SIGNUP else await actor.registered()
    body = _body(actor, action, registration)
    for fault in faults:
        strategies.spoil(body, *fault)
    await actor.call(action, body, token=registration.token if registration else None)
    if registration is not None:
        await actor.get(registration)


@exercises(
    *("HEADER-NACK-ACTION", "HEADER-NACK-TIMESTAMP", "TOKEN-NACK-ABSENT", "TOKEN-NACK-UNKNOWN"),
    *("TOKEN-NACK-FOREIGN", "UPDATE-NACK-UNCHANGED", "DOCUMENTS-NACK-UNCHANGED"),
    *ANSWERED,
)
@drawn(strategies.headers)
async def test_header(actor: Actor, example: Any) -> None:
    """A request with another Action, Timestamp or Token is refused, and nothing changes."""
    action, (name, value) = example
    registration = None if action == SIGNUP else await actor.registered()
    if name == "Token":
        if registration is None:
            return
        value = await _token(actor, registration, value)
    token = registration.token if registration else None
    await actor.call(action, _body(actor, action, registration), token=token, header={name: value})
    if registration is not None:
        await actor.get(registration)


async def _token(actor: Actor, registration: Registration, kind: str) -> str | None:
    """A token of a kind that a call about a registration is to be refused for (H3)."""
    match kind:
        case "foreign":
            return (await actor.registered()).token
        case "unknown":
            return actor.values.unknown_token(registration.token)
        case "half":
            return registration.token[: len(registration.token) // 2]
        case "a word":
            return actor.values.realistic.word()
        case "the registration id":
            return registration.id if registration.id.isascii() and registration.id.isprintable() else ""
    return "" if kind == "empty" else None
