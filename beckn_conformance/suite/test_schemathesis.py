"""§1–§4: requests that Schemathesis draws from the schemas, sent and judged like all others."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import drawn, exercises
from beckn_conformance.specification.actions import ADD, GET, SIGNUP, UPDATE
from beckn_conformance.specification.members import Member
from beckn_conformance.suite import openapi
from beckn_conformance.suite.cases import ANSWERED, GENERAL, HISTORY
from beckn_conformance.suite.specification import current
from beckn_conformance.suite.strategies import spoil

SHARE = 0.12
"""Share of --fuzz-examples: Schemathesis draws slowly, and a default run should not wait for it."""

LONGEST_ID = 40


def _requirements(action: str) -> tuple[str, ...]:
    """Requirements that the messages of an operation, and a Provider/get after them, can exercise."""
    known = current().requirements.values()
    shown = {*GENERAL[action], "NACK-ALL", "NACK-INDEX", *HISTORY, *(r.id for r in known if action in r.operations)}
    return tuple(r.id for r in known if r.id in shown and not r.untestable and not r.needs)


@exercises(*_requirements(SIGNUP))
@drawn(openapi.messages(SIGNUP), share=SHARE)
async def test_signup(actor: Actor, example: Any) -> None:
    """Signups, valid, faulty and unclear; a Provider/get shows what came of those that were acknowledged."""
    bodies = [_body(actor, SIGNUP, message) for message in example]
    for signup in await asyncio.gather(*(actor.call(SIGNUP, body) for body in bodies)):
        registration = await actor.usable(signup)
        if registration is not None:
            await actor.get(registration)


@exercises(*_requirements(GET))
@drawn(openapi.messages(GET), share=SHARE)
async def test_get(actor: Actor, example: Any) -> None:
    """Queries of a registration, and of others."""
    await _play(actor, GET, example)


@exercises(*_requirements(UPDATE))
@drawn(openapi.messages(UPDATE), share=SHARE)
async def test_info_update(actor: Actor, example: Any) -> None:
    """Updates of a registration; what was refused changes nothing, what was acknowledged is seen."""
    await _play(actor, UPDATE, example)


@exercises(*_requirements(ADD))
@drawn(openapi.messages(ADD), share=SHARE)
async def test_documents_add(actor: Actor, example: Any) -> None:
    """Documents for a registration; what was refused changes nothing, what was acknowledged is listed."""
    await _play(actor, ADD, example)


@exercises(
    *("HEADER-NACK-ACTION", "HEADER-NACK-TIMESTAMP", "TOKEN-NACK-ABSENT", "TOKEN-NACK-UNKNOWN"),
    *("UPDATE-NACK-UNCHANGED", "DOCUMENTS-NACK-UNCHANGED"),
    *ANSWERED,
)
@drawn(openapi.heads, share=SHARE)
async def test_header(actor: Actor, example: Any) -> None:
    """A valid body under a header, or a member of one, as it was drawn."""
    action = example["action"]
    header = {name: example["header"].get(name) for name in example["sent"]}
    if action == SIGNUP:
        # The token of a signup is agreed beforehand or arbitrary (H2), so another one proves nothing.
        header.pop("Token", None)
        await actor.call(SIGNUP, actor.values.signup(), header=header)
        return
    registration = await actor.registered()
    body = {"registration": {"id": registration.id}, **actor.values.parts(action)}
    await actor.call(action, body, token=registration.token, header=header)
    await actor.get(registration)


async def _play(actor: Actor, action: str, example: Any) -> None:
    """Sends messages about a registration one after the other, and reads it after each."""
    registration = await actor.registered()
    await actor.get(registration)
    for message in example:
        body = _body(actor, action, message, registration)
        token = registration.token
        if message["about"] == "another":
            token = (await actor.registered()).token
        await actor.call(action, body, token=token)
        await actor.get(registration)


def _body(actor: Actor, action: str, message: Mapping[str, Any], registration: Registration | None = None) -> Any:
    """Fills the drawn body with the run's own ids, and with valid texts and a listed fault if asked for.

    Company ids are always the kit's, and never repeat (Q5).
    """
    body = copy.deepcopy(message["body"])
    for member, pointer, text in list(openapi.texts(action, body)):
        if member.pointer == "/registration/id" and registration is not None:
            value = registration.id
            if message["about"] == "unknown" and text.isprintable() and text == text.strip():
                value = (actor.values.realistic.word() + text)[:LONGEST_ID].rstrip()
            spoil(body, pointer, "value", value)
        elif message["laid in"] or member.name == "company_id":
            spoil(body, pointer, "value", _text(actor, action, member))
    if message["named"] is not None:
        pointer, value = message["named"]
        spoil(body, pointer, "value", value)
    return body


def _text(actor: Actor, action: str, member: Member) -> Any:
    """Returns a text that every reading accepts."""
    if member.parent == "/documents/*":
        return actor.values.document()[member.name]
    return actor.values.value(member.pointer, action=action)
