"""§1–§4: hostile input and large documents; the gateway keeps serving afterwards.

Each input is sent while only others of its group are under way, so that a finding can name what stopped the gateway.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.client.exclusive import Rank
from beckn_conformance.judging.checks.robustness import AT_THE_END
from beckn_conformance.messages.exchange import Exchange, Stimulus
from beckn_conformance.messages.hostile import (
    FOREIGN,
    INCOMPLETE,
    LARGE,
    MALFORMED,
    MALFORMED_HTTP,
    MANY_DOCUMENTS,
    SLOW,
    UNUSUAL,
    family_of,
    foreign,
    trickled,
)
from beckn_conformance.messages.realistic import pdf
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import case, exercises, scenario
from beckn_conformance.specification.actions import ADD, GET, SIGNUP, UPDATE
from beckn_conformance.suite.cases import ACTIONS

LATER = tuple(action for action in ACTIONS if action != SIGNUP)
UNHARMED = {SIGNUP: ("SIGNUP-ACK",), UPDATE: ("GET-ROUND-TRIP",), ADD: ("SIGNUP-DOCUMENTS-KEPT",)}
"""Requirements that show harm done by a refused call."""


def _body(actor: Actor, action: str, registration: Registration) -> dict[str, Any]:
    """Returns the body of a valid call that would change the registration, if the operation does."""
    if action == SIGNUP:
        return actor.values.signup()
    return {"registration": {"id": registration.id}, **actor.values.parts(action)}


@pytest.mark.parametrize("action", [case("GET-ID", action, id=f"{action}-slow") for action in ACTIONS])
@scenario
async def test_slow_request(actor: Actor, action: str) -> None:
    """A valid request whose bytes arrive slowly; if it is refused, the registration stays as it was (T16)."""
    actor.hostile.need_socket()
    registration = await actor.registered()
    body = _body(actor, action, registration)
    # A gateway that handles one request at a time keeps all others waiting meanwhile.
    async with actor.liveness.lives_on(SLOW, registration, group=SLOW):
        await actor.hostile.wire(
            action, body, trickled, of=registration, about=registration.id, stimulus=Stimulus(SLOW)
        )


@pytest.mark.parametrize(
    ("action", "tag"),
    [case("LARGE-ANSWERED", action, tag, id=f"{action}-{tag}") for tag in LARGE for action in (SIGNUP, ADD)],
)
@exercises("LARGE-KEPT", "ROBUST-LIVES-ON")
@scenario
async def test_large_document(actor: Actor, action: str, tag: str) -> None:
    """An unusually large document is answered, and kept if it is acknowledged (Q10)."""
    registration = await actor.registered()
    content = pdf(actor.values.realistic.word()) + b"%" + b"x" * LARGE[tag]
    body = _body(actor, action, registration)
    body["documents"] = [{"name": actor.values.document()["name"], "data": base64.b64encode(content).decode()}]
    sent = await _large(actor, action, body, tag, registration)
    made = await actor.usable(sent) if action == SIGNUP else registration
    if not sent.acknowledged or made is None:
        return
    about = {"registration": {"id": made.id}}
    shown = await actor.call(GET, about, token=made.token, purpose="large", stimulus=Stimulus(tag))
    if shown.reply is None or body["documents"][0]["data"].encode() not in shown.reply.content:
        await actor.settle()
        await actor.call(GET, about, token=made.token, purpose="large", stimulus=Stimulus(tag))


@exercises("LARGE-ANSWERED", "ROBUST-LIVES-ON")
@scenario
async def test_many_documents(actor: Actor) -> None:
    """An unusually long list of documents is answered (Q10)."""
    registration = await actor.registered()
    data = actor.values.document()["data"]
    documents = [{"name": f"Operating Permit {number}.pdf", "data": data} for number in range(1000)]
    body = {"registration": {"id": registration.id}, "documents": documents}
    await _large(actor, ADD, body, MANY_DOCUMENTS, registration)


async def _large(actor: Actor, action: str, body: Any, tag: str, registration: Registration) -> Exchange:
    # A Provider/get would transfer all of it.
    witness = await actor.registered()
    async with actor.liveness.lives_on(tag, witness, rank=Rank.FIRST):
        token = None if action == SIGNUP else registration.token
        return await actor.call(action, body, token=token, purpose="large", stimulus=Stimulus(tag))


@pytest.mark.parametrize(
    ("action", "tag"),
    [
        case("ROBUST-LIVES-ON", action, tag, id=f"{action}-{tag}")
        for number, tag in enumerate(UNUSUAL)
        for action in (SIGNUP, LATER[number % len(LATER)])
    ],
)
@scenario
async def test_unusual_body(actor: Actor, action: str, tag: str) -> None:
    """A body that only a tolerant parser understands; if it is refused, the registration stays as it was (T14)."""
    registration = await actor.registered()
    witness = registration if action == SIGNUP else await actor.registered()
    body = _body(actor, action, registration)
    family = family_of(tag)
    # Once anything was refused, silence tells little.
    async with actor.liveness.lives_on(family, witness, rank=Rank.FIRST if family == tag else Rank.USUAL):
        sent = await actor.hostile.text(
            action,
            body,
            UNUSUAL[tag],
            of=registration,
            purpose="unusual",
            stimulus=Stimulus(tag, "" if family == tag else family),
        )
    # Whoever took it may show what came, such as bytes that are no UTF-8.
    if witness is not registration and (sent.refused or (sent.reply is not None and 400 <= sent.reply.status < 500)):
        await actor.get(registration)


@pytest.mark.parametrize(
    ("action", "tag"),
    [
        case(("MALFORMED-NACK", *UNHARMED.get(action, ())), action, tag, id=f"{action}-{tag}")
        for tag in MALFORMED
        for action in ACTIONS
    ],
)
@exercises("MALFORMED-NO-CRASH", "ROBUST-LIVES-ON")
@scenario
async def test_unreadable_body(actor: Actor, action: str, tag: str) -> None:
    """A body that is cut short, not JSON, or not an object; the registration stays as it was (T14)."""
    registration = await actor.registered()
    body = _body(actor, action, registration)
    async with actor.liveness.lives_on(tag, registration):
        await actor.hostile.text(
            action, body, MALFORMED[tag], of=registration, purpose="malformed", stimulus=Stimulus(tag)
        )


@pytest.mark.parametrize(
    ("family", "kind", "action"),
    [
        case("ROBUST-NO-CRASH", family, kind, ACTIONS[number % len(ACTIONS)], id=f"{family}-{kind}")
        for family, kinds in FOREIGN.items()
        for number, kind in enumerate(kinds)
    ],
)
@exercises("ROBUST-LIVES-ON")
@scenario
async def test_no_call_of_the_page(actor: Actor, family: str, kind: str, action: str) -> None:
    """Another method, path or media type; if it is refused, the registration stays as it was (T16)."""
    registration = await actor.registered()
    body = _body(actor, action, registration)
    async with actor.liveness.lives_on(family, registration, group=family):
        await actor.hostile.foreign(
            action, body, of=registration, stimulus=Stimulus(kind, family), **foreign(family, kind, action)
        )


@pytest.mark.parametrize(
    ("family", "kind", "action"),
    [
        case("ROBUST-LIVES-ON", family, kind, action, id=f"{family}-{kind}")
        for family, kinds in MALFORMED_HTTP.items()
        for number, kind in enumerate(kinds)
        for action in [UPDATE if kind in INCOMPLETE else ACTIONS[number % len(ACTIONS)]]
    ],
)
@scenario
async def test_malformed_http(actor: Actor, family: str, kind: str, action: str) -> None:
    """A request that is not HTTP, slow or broken off; an incomplete one changes nothing (T16)."""
    actor.hostile.need_socket()
    registration = await actor.registered()
    body = _body(actor, action, registration)
    about = "" if kind in INCOMPLETE else registration.id
    async with actor.liveness.lives_on(kind, registration, group="malformed HTTP"):
        await actor.hostile.wire(
            action, body, MALFORMED_HTTP[family][kind], of=registration, about=about, stimulus=Stimulus(kind)
        )


@exercises("ROBUST-LIVES-ON", "SIGNUP-ACK", "GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT")
@scenario
async def test_afterwards(actor: Actor) -> None:
    """After everything else a plain signup is served, and a registration made before is as it was."""
    before = await actor.registered(actor.values.signup(documents=2))
    async with actor.liveness.lives_on(AT_THE_END, before, rank=Rank.LAST):
        pass
    await actor.get(await actor.registered())
