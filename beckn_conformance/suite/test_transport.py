"""§1–§4: what is no message, and what is larger than usual."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from beckn_conformance.actor import ADD, GET, SIGNUP, UPDATE, Actor
from beckn_conformance.faults import MALFORMED
from beckn_conformance.scenario import case, exercises, scenario
from beckn_conformance.values import pdf

ACTIONS = (SIGNUP, GET, UPDATE, ADD)


@pytest.mark.parametrize(
    ("action", "tag"),
    [case("MALFORMED-NACK", action, tag, id=f"{action}-{tag}") for action in ACTIONS for tag in MALFORMED],
)
@exercises("MALFORMED-NO-CRASH")
@scenario
async def test_unreadable_body(actor: Actor, action: str, tag: str) -> None:
    """A body that is cut short, no JSON, or no object; afterwards the gateway still serves a plain call (T14)."""
    registration = await actor.registered()
    token = None if action == SIGNUP else registration.token
    await actor.call_raw(action, MALFORMED[tag], token=token, tag=tag)
    await actor.get(registration)


@pytest.mark.parametrize(
    ("action", "size"),
    [case("LARGE-ANSWERED", action, size, id=f"{action}-{size}_KB") for action in (SIGNUP, ADD) for size in (64, 256)],
)
@scenario
async def test_large_document(actor: Actor, action: str, size: int) -> None:
    """A document larger than usual is answered; afterwards the gateway still serves a plain call (Q10)."""
    registration = await actor.registered()
    content = pdf(actor.values.word()) + b"%" + b"x" * (size * 1024)
    document = {"name": actor.values.document()["name"], "data": base64.b64encode(content).decode()}
    if action == SIGNUP:
        await actor.call(SIGNUP, {**actor.values.signup(), "documents": [document]}, purpose="large")
    else:
        body = {"registration": {"id": registration.id}, "documents": [document]}
        await actor.call(ADD, body, token=registration.token, purpose="large")
        registration = await actor.registered()
    await actor.get(registration)


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
    parts: dict[str, dict[str, Any]] = {
        UPDATE: {"info": actor.values.info()},
        ADD: {"documents": [actor.values.document()]},
    }
    if action == SIGNUP:
        body = actor.values.signup()
        if outcome == "NACK":
            body["info"]["phone"] = None
        await actor.signup(body)
        return
    registration = await actor.registered()
    if outcome == "ACK":
        await actor.about(registration, action, parts.get(action))
        return
    await actor.get(registration)
    await actor.call(action, {"registration": {}, **parts.get(action, {})}, token=registration.token)
