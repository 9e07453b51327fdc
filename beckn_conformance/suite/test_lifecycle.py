"""§1–§4: histories of several providers, drawn by Hypothesis; every reply is compared with all earlier ones."""

from __future__ import annotations

import asyncio
from typing import Any

from beckn_conformance.client.actor import Actor
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.faults import MOST_IN_A_CALL, fault_cases
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import drawn, exercises
from beckn_conformance.specification.actions import ADD, UPDATE
from beckn_conformance.suite import strategies
from beckn_conformance.suite.cases import HISTORY
from beckn_conformance.suite.specification import current

FAULTS = {case.id: case for action in (UPDATE, ADD) for case in fault_cases(action, current(), GatewayConfig(""))}
MOST_DOCUMENTS = 36
"""Documents of a registration; no reading has a gateway accept more (Q10)."""

HELD = (
    # Histories do not depend on verification, so a requirement that needs it is left out.
    *(name for name in HISTORY if not current().requirements[name].needs),
    *("GET-ACK", "GET-BODY", "GET-ID", "UPDATE-ACK", "UPDATE-BODY", "UPDATE-ID", "UPDATE-STATUS"),
    *("UPDATE-DOCUMENT-STATUS", "UPDATE-FAIL-STATUS", "DOCUMENTS-ACK", "DOCUMENTS-BODY", "DOCUMENTS-ID"),
    *("DOCUMENTS-STATUS", "TOKEN-ACCEPTED", "TOKEN-NACK-ABSENT", "TOKEN-NACK-UNKNOWN", "TOKEN-NACK-FOREIGN"),
    *("TOKEN-NOT-REPEATED", "NACK-SOUND", "NACK-TEXT", "NACK-ECHO", "REPLY-NO-CRASH", "REPLY-TIME"),
)


class Provider:
    """A provider of a history: its registration and the names of its documents."""

    def __init__(self, registration: Registration, names: list[str]) -> None:
        self.registration = registration
        self.names = names


async def _sign_up(actor: Actor, count: int, size: int) -> Provider:
    body = {**actor.values.signup(), "documents": actor.values.documents(count, size)}
    return Provider(await actor.registered(body), [d["name"] for d in body["documents"]])


async def _add(actor: Actor, provider: Provider, documents: list[dict[str, str]]) -> None:
    if len(provider.names) + len(documents) <= MOST_DOCUMENTS:
        provider.names += [d["name"] for d in documents]
        await actor.add(provider.registration, documents)


async def _step(actor: Actor, provider: Provider, others: list[Provider], kind: str, *rest: Any) -> None:
    """Makes one call of a history."""
    values, registration = actor.values, provider.registration
    match kind:
        case "get":
            await actor.get(registration)
        case "update":
            await actor.update(registration, values.info())
        case "partial update":
            (left_out,) = rest
            await actor.update(registration, {k: v for k, v in values.info().items() if k not in left_out})
        case "add":
            await _add(actor, provider, values.documents(*rest))
        case "add with a name that is taken":
            await _add(actor, provider, [values.document(name=provider.names[-1])])
        case "faulty update":
            await _spoiled(actor, registration, rest[0], {"info": values.info()})
        case "faulty add":
            await _spoiled(actor, registration, rest[0], {"documents": values.documents(MOST_IN_A_CALL)})
        case "intrusion":
            await _intrude(actor, registration, others, *rest)
        case "verification":
            await actor.verifier.verify(registration.id)


async def _spoiled(actor: Actor, registration: Registration, fault: str, parts: dict[str, Any]) -> None:
    """A call that is valid but for one member."""
    body = {"registration": {"id": registration.id}, **parts}
    await actor.call(FAULTS[fault].action, FAULTS[fault].spoil(body), token=registration.token)


async def _intrude(actor: Actor, victim: Registration, others: list[Provider], action: str, kind: str) -> None:
    """A call about a registration without its token (H3)."""
    parts = actor.values.parts(action)
    token: str | None = None
    if kind == "unknown" or (kind == "foreign" and not others):
        token = actor.values.unknown_token(victim.token)
    elif kind == "foreign":
        token = others[0].registration.token
    elif kind == "empty":
        token = ""
    body = {"registration": {"id": victim.id}, **parts}
    await actor.call(action, body, token=victim.token, header={"Token": token})


async def _live(actor: Actor, example: Any) -> None:
    """Plays a history; once everything must be seen, each registration is asked for, and added to, once more."""
    signups, steps = example
    providers = [await _sign_up(actor, *documents) for documents in signups]
    for kind, who, *rest in steps:
        provider = providers[who % len(providers)]
        await _step(actor, provider, [p for p in providers if p is not provider], kind, *rest)
    await actor.settle()
    await asyncio.gather(*(_end(actor, provider) for provider in providers))


async def _end(actor: Actor, provider: Provider) -> None:
    await actor.get(provider.registration)
    await _add(actor, provider, [actor.values.document()])


# These take longest, so they begin first.
@exercises(*HELD)
@drawn(strategies.long_histories, share=0.2, settles=True)
async def test_long_history(actor: Actor, example: Any) -> None:
    """Many calls of one provider or two."""
    await _live(actor, example)


@exercises(*HELD)
@drawn(strategies.histories, settles=True)
async def test_history(actor: Actor, example: Any) -> None:
    """Some calls of a few providers, valid, faulty and unauthorised."""
    await _live(actor, example)
