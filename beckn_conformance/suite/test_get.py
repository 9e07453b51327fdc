"""§2 Get Registration Details of a BP."""

from __future__ import annotations

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.faults import FaultCase
from beckn_conformance.run.scenario import exercises, scenario
from beckn_conformance.specification.actions import GET, SIGNUP
from beckn_conformance.suite.cases import ANSWERED, call_about_unknown, call_with_fault, fault_parameters


@exercises(
    *("GET-ENDPOINT", "GET-ACK", "GET-BODY", "GET-ID", "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"),
    *("SIGNUP-DOCUMENTS-KEPT", "TOKEN-ACCEPTED", "TOKEN-NOT-REPEATED"),
)
@scenario
async def test_plain_get(actor: Actor) -> None:
    """Asks twice; the second reply is also compared with the first."""
    registration = await actor.registered()
    await actor.get(registration)
    await actor.get(registration)


@exercises("GET-ROUND-TRIP", "GET-ID", "GET-ACK", "TOKEN-ACCEPTED", "SIGNUP-DOCUMENTS-KEPT")
@scenario
async def test_registrations_are_kept_apart(actor: Actor) -> None:
    """Each of several registrations is given back under its own id, in another order than they were made."""
    registrations = [await actor.registered(actor.values.signup(documents=n)) for n in (1, 2, 4)]
    for registration in (*reversed(registrations), *registrations):
        await actor.get(registration)


@pytest.mark.parametrize("fault", fault_parameters(GET))
@scenario
async def test_one_fault(actor: Actor, fault: FaultCase) -> None:
    """A request that is valid but for one member is refused, and that member is blamed."""
    registration = await actor.registered()
    await call_with_fault(actor, registration, GET, fault, {})


@exercises("GET-NACK-UNKNOWN", "NACK-TEXT", "NACK-ECHO", *ANSWERED)
@scenario
async def test_unknown_registration(actor: Actor) -> None:
    """An id that no signup gave, with another registration's valid token (R16)."""
    await call_about_unknown(actor, GET, {})


@exercises("GET-ROUND-TRIP")
@scenario
async def test_signup_refused_for_one_leaves_others_alone(actor: Actor) -> None:
    """A refused signup changes nothing at a registration that is there."""
    registration = await actor.registered()
    body = actor.values.signup()
    body["info"]["phone"] = None
    await actor.call(SIGNUP, body)
    await actor.get(registration)
