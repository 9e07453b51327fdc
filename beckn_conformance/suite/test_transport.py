"""§1–§4: the form of replies."""

from __future__ import annotations

from typing import Any

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.run.scenario import case, exercises, scenario
from beckn_conformance.specification.actions import SIGNUP
from beckn_conformance.suite.cases import ACTIONS, until_blamed

FORM = (
    "REPLY-JSON",
    "REPLY-ACTION",
    "REPLY-MESSAGE",
    "REPLY-MESSAGE-BLANK",
    "REPLY-MEDIA-TYPE",
    "REPLY-NO-CRASH",
    "REPLY-TIME",
)


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        case((f"REPLY-STATUS-{outcome}", *FORM), action, outcome, id=f"{action}-{outcome}")
        for action in ACTIONS
        for outcome in ("ACK", "NACK")
    ],
)
@scenario
async def test_form_of_replies(actor: Actor, action: str, outcome: str) -> None:
    """Status, header and media type of an ACK and of a NACK, whatever the body says."""
    if action == SIGNUP:
        body = actor.values.signup()
        if outcome == "NACK":
            body["info"]["phone"] = None
        await actor.signup(body)
        return
    registration = await actor.registered()
    parts = actor.values.parts(action)
    if outcome == "ACK":
        await actor.about(registration, action, parts)
        return
    await actor.get(registration)
    await until_blamed(actor, registration, action, {"registration": {}, **parts})


@exercises("REPLY-JSON", "SIGNUP-ECHO", "GET-ROUND-TRIP", "UPDATE-ECHO")
@scenario
async def test_replies_that_are_not_compressed(actor: Actor) -> None:
    """A reply is whole if its text takes more bytes than characters, and nothing hides its length."""
    named = ["name"] if "name" in actor.specification.names("/info") else []

    def names() -> dict[str, Any]:
        return {member: actor.values.value("/info/name", "Devanagari") for member in named}

    registration = await actor.registered(actor.values.signup(**names()))
    await actor.get(registration)
    about = {"registration": {"id": registration.id}}
    for action in ACTIONS:
        body = actor.values.parts(action) if action == SIGNUP else {**about, **actor.values.parts(action)}
        if "info" in body:
            body["info"] |= names()
        await actor.call(action, body, token=None if action == SIGNUP else registration.token, plain=True)
