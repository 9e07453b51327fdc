"""§1–§4 Request Structure, Header: Action, Timestamp and Token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.judging.known import in_another_case
from beckn_conformance.messages.binding import EnvelopeBinding
from beckn_conformance.messages.faults import HEADER_FAULTS, TOKEN_KINDS, header_requirement
from beckn_conformance.messages.registration import Registration
from beckn_conformance.messages.tokens import other_beginnings, other_ends, with_more_behind, with_more_in_front
from beckn_conformance.run.scenario import case, exercises, scenario, settling
from beckn_conformance.specification.actions import ADD, GET, SIGNUP, UPDATE
from beckn_conformance.suite.cases import ACTIONS, ANSWERED, add_and_read, update_and_read
from beckn_conformance.suite.specification import current

UNCHANGED = {action: (f"{change.prefix}-NACK-UNCHANGED",) for action, change in current().changes.items()}


def _body(actor: Actor, action: str, registration: Registration | None) -> Any:
    about = {"registration": {"id": registration.id}} if registration is not None else {}
    return {**about, **actor.values.parts(action)}


async def _call(actor: Actor, action: str, header: dict[str, str | None]) -> None:
    """A call that is valid but for its header, and what a Provider/get shows after it."""
    if action == SIGNUP:
        await actor.call(SIGNUP, _body(actor, action, None), header=header)
        return
    registration = await actor.registered()
    await actor.get(registration)
    await actor.call(action, _body(actor, action, registration), token=registration.token, header=header)
    await actor.get(registration)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        case(("HEADER-NACK-ACTION", *ANSWERED, *UNCHANGED.get(action, ())), action, kind, id=f"{action}-{kind}")
        for action in ACTIONS
        for kind in HEADER_FAULTS["HEADER-NACK-ACTION"][1]
    ],
)
@scenario
async def test_action(actor: Actor, action: str, kind: str) -> None:
    """An Action that is absent, another operation's or unknown, which only begins as the right one (T5)."""
    other = GET if action != GET else SIGNUP
    value = {"missing": None, "another operation": other, "unknown": f"{action}/renew"}[kind]
    await _call(actor, action, {"Action": value})
    if kind == "unknown" and isinstance(actor.binding, EnvelopeBinding):
        await _call(actor, action, {"Action": f"{action}\nsecond"})


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        case(("HEADER-NACK-TIMESTAMP", *ANSWERED, *UNCHANGED.get(action, ())), action, kind, id=f"{action}-{kind}")
        for action in ACTIONS
        for kind in HEADER_FAULTS["HEADER-NACK-TIMESTAMP"][1]
    ],
)
@scenario
async def test_timestamp(actor: Actor, action: str, kind: str) -> None:
    """A Timestamp that is absent, no time or no date of the calendar (H1)."""
    malformed = current().files["header.request.json"]["properties"]["Timestamp"]["x-malformed"]
    await _call(actor, action, {"Timestamp": None if kind == "missing" else malformed[kind]})
    if kind == "a word" and isinstance(actor.binding, EnvelopeBinding):
        await _call(actor, action, {"Timestamp": f"{actor.gateway.timestamp()}\nsecond"})


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        case(
            (header_requirement("Token", kind), *ANSWERED, *UNCHANGED.get(action, ())),
            action,
            kind,
            id=f"{action}-{kind}",
        )
        for action in ACTIONS
        if action != SIGNUP
        for kind in TOKEN_KINDS
    ],
)
@scenario
async def test_token(actor: Actor, action: str, kind: str) -> None:
    """A token that is absent, empty, made up or another provider's (H3); the registration stays as it was."""
    registration = await actor.registered()
    await actor.get(registration)
    calls: Iterable[tuple[Registration, str | None]]
    match kind:
        case "foreign":
            # It may matter who signed up first, and whether the same was refused before.
            other = await actor.registered()
            calls = [(other, registration.token), *[(registration, other.token)] * 2]
        case "unknown":
            calls = [(registration, token) for token in _near(actor, registration.token)]
        case _:
            calls = [(registration, "" if kind == "empty" else None)]
    for about, sent in calls:
        await actor.call(action, _body(actor, action, about), token=about.token, header={"Token": sent})
    await actor.get(registration)


def _near(actor: Actor, token: str) -> Iterator[str]:
    """Unknown tokens: one of the same shape, and those that a careless comparison takes for a given one, longer ones
    and one in other capitals."""
    yield actor.values.unknown_token(token)
    yield with_more_behind(token)
    yield with_more_in_front(token)
    if (other := in_another_case(token)) is not None:
        yield other


@pytest.mark.parametrize(
    "action",
    [
        case(("TOKEN-NACK-UNKNOWN", *UNCHANGED.get(action, ())), action, id=action)
        for action in ACTIONS
        if action != SIGNUP
    ],
)
@scenario
async def test_token_that_begins_like_a_given_one(actor: Actor, action: str) -> None:
    """A token whose end is changed or cut off (H3); of a fresh registration, as many wrong tokens may lock one."""
    registration = await actor.registered()
    for token in other_ends(registration.token) or (actor.values.unknown_token(registration.token),):
        body = _body(actor, action, registration)
        await actor.call(action, body, token=registration.token, header={"Token": token})
    await actor.get(registration)


@pytest.mark.parametrize(
    "action", [case("TOKEN-NACK-UNKNOWN", action, id=action) for action in ACTIONS if action != SIGNUP]
)
@scenario
async def test_token_that_is_no_secret(actor: Actor, action: str) -> None:
    """The id of a registration, a word that stands for no token, or what only ends like its token (H3)."""
    registration = await actor.registered()
    for token in (registration.id, "null", *other_beginnings(registration.token)):
        if token != registration.token and token.isascii() and token.isprintable():
            body = _body(actor, action, registration)
            await actor.call(action, body, token=registration.token, header={"Token": token})


@exercises("TOKEN-ACCEPTED", "GET-ACK", "GET-ROUND-TRIP", "UPDATE-ACK", "DOCUMENTS-ACK")
@settling
async def test_token_works_until_it_expires(actor: Actor) -> None:
    """A token is good for as long as auth.exp says, whoever else has signed up meanwhile (H3, H4)."""
    registration = await actor.registered()
    await actor.settle(until_due=True)
    await actor.get(registration)
    await actor.update(registration, actor.values.info())
    await actor.add(registration, [actor.values.document()])


@exercises("TOKEN-NACK-FOREIGN", "TOKEN-ACCEPTED")
@scenario
async def test_token_of_another_after_changes(actor: Actor) -> None:
    """A registration that went through changes is as closed to others as a fresh one, and opens no other (H3)."""
    registration, stranger = await actor.registered(), await actor.registered()
    await update_and_read(actor, registration)
    await add_and_read(actor, registration)
    await actor.get(stranger)
    for action in (GET, UPDATE, ADD):
        await actor.call(action, _body(actor, action, registration), token=stranger.token)
    await actor.call(GET, _body(actor, GET, stranger), token=registration.token)
    await actor.get(registration)
