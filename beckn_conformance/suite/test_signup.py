"""§1 Register a Beckn Service Provider."""

from __future__ import annotations

import copy

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.exchange import Exchange
from beckn_conformance.messages.faults import FaultCase
from beckn_conformance.messages.values import SIZES
from beckn_conformance.run.scenario import case, exercises, scenario, settling
from beckn_conformance.specification.actions import SIGNUP
from beckn_conformance.specification.pointer import put
from beckn_conformance.specification.replies import statuses
from beckn_conformance.suite.cases import (
    Kinds,
    add_and_read,
    fault_parameters,
    large_documents,
    mixed_faults,
    parts_with,
    spoiled,
    together_or_apart,
    update_and_read,
    variant_parameters,
)

ECHO = ("SIGNUP-ACK", "SIGNUP-ECHO", "SIGNUP-ECHO-EXACT", "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT")


@exercises(
    *("SIGNUP-ENDPOINT", "SIGNUP-BODY", "SIGNUP-ID", "SIGNUP-STATUS", "SIGNUP-TOKEN", "SIGNUP-EXP"),
    *("SIGNUP-EXP-AHEAD", "SIGNUP-DOCUMENT-STATUS", "SIGNUP-API-STATUS", "REPLY-TIME"),
    *ECHO,
)
@scenario
async def test_plain_signup(actor: Actor) -> None:
    """The example of the page, with real values."""
    registration = await actor.registered()
    await actor.get(registration)


@pytest.mark.parametrize("kinds", variant_parameters(SIGNUP, *ECHO))
@scenario
async def test_valid_values(actor: Actor, kinds: Kinds) -> None:
    """Every kind of valid value is accepted, kept and given back."""

    async def attempt(kinds: Kinds) -> Exchange:
        exchange = await actor.signup(parts_with(actor, SIGNUP, kinds))
        registration = await actor.usable(exchange)
        if registration is not None:
            await actor.get(registration)
        return exchange

    await together_or_apart(kinds, attempt)


@pytest.mark.parametrize("count", [case("SIGNUP-ACK", n, id=f"{n}_documents") for n in (2, 3, 5)])
@exercises(
    *("SIGNUP-ACK-DOCUMENTS", "SIGNUP-ECHO", "GET-ROUND-TRIP", "SIGNUP-DOCUMENT-STATUS", "SIGNUP-BODY"),
    "SIGNUP-DOCUMENTS-KEPT",
)
@scenario
async def test_several_documents(actor: Actor, count: int) -> None:
    """A list of documents is kept whole, also in a call of almost 64 KB."""
    body = actor.values.signup(documents=count)
    if count == 3:
        body["documents"][1] = actor.values.document("jpg")
    if count == 5:
        body["documents"][2:] = large_documents(actor)
    registration = await actor.registered(body)
    await actor.get(registration)


@exercises("SIGNUP-DOCUMENT-STATUS", "SIGNUP-API-STATUS")
@scenario
async def test_claimed_status(actor: Actor) -> None:
    """A provider cannot verify itself: a signup that says it is verified is refused, or waits like any other (R4)."""
    await actor.signup(actor.values.signup())
    body, other = actor.values.signup(), actor.values.signup()
    for part in (body["api"], *body["documents"], other, other["info"]):
        part["status"] = statuses(actor.specification).verified
    await actor.signup(body)
    await actor.signup(other)


@pytest.mark.parametrize("size", [case(("SIGNUP-ACK-DOCUMENTS", *ECHO), n, id=name) for name, n in SIZES.items()])
@scenario
async def test_size_of_a_document(actor: Actor, size: int) -> None:
    """A document of any size up to 32 KB is accepted and kept whole (Q10)."""
    exchange = await actor.signup({**actor.values.signup(), "documents": actor.values.documents(1, size)})
    registration = await actor.usable(exchange)
    if registration is not None:
        await actor.get(registration)


@pytest.mark.parametrize(
    ("pointer", "length"),
    [
        case("SIGNUP-LONG-KEPT", pointer, length, id=f"{name}_of_{length}_characters")
        for name, pointer, lengths in (
            ("name", "/info/name", (65, 128, 300)),
            ("document_name", "/documents/0/name", (65, 128)),
            ("email", "/info/email", (65, 128)),
            ("endpoint_url", "/api/endpoint_url", (201, 300)),
        )
        for length in lengths
    ],
)
@scenario
async def test_long_text(actor: Actor, pointer: str, length: int) -> None:
    """A text longer than most is refused or kept whole (Q4, Q7, Q8, Q12)."""
    await _sign_up_with(actor, pointer, _long(pointer, length, actor.values.realistic.word()))


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        # Some languages take this text for an empty one.
        case("SIGNUP-LONG-KEPT", "/info/name", "0", id="name_0"),
        case("SIGNUP-LONG-KEPT", "/documents/0/name", "Conformité 東京 {}.pdf", id="document_name_beyond_ASCII"),
        case("SIGNUP-LONG-KEPT", "/documents/0/name", "Owner's Map & Plan (2), {}.pdf", id="document_name_with_marks"),
    ],
)
@scenario
async def test_unusual_text(actor: Actor, pointer: str, text: str) -> None:
    """A text that a gateway may refuse is refused or kept whole (Q4, Q8)."""
    await _sign_up_with(actor, pointer, text.format(actor.values.realistic.word()))


async def _sign_up_with(actor: Actor, pointer: str, text: str) -> None:
    body = actor.values.signup()
    put(body, pointer, text)
    registration = await actor.usable(await actor.signup(body))
    if registration is not None:
        await actor.get(registration)


def _long(pointer: str, length: int, word: str) -> str:
    """Returns a text of a given length; local parts and labels of an address stay within the limits of mail and DNS."""
    match pointer:
        case "/info/name":
            return f"{word} Bus and its Subsidiaries{' of the Greater Metropolitan Area' * 9}"[: length - 1] + "x"
        case "/documents/0/name":
            return f"Compliance Certificate {word}{' Annex' * 20}"[: length - 5] + "x.pdf"
        case "/info/email":
            local = f"{word.lower()}{'transport' * 6}"[: min(60, length - 18)]
            label = ("registrations" * 5)[: length - len(f"{local}@.example.com")]
            return f"{local}@{label}.example.com"
    return f"https://api.{word.lower()}.example.com/beckn{'-mobility' * 30}"[: length - 1] + "x"


@exercises("SIGNUP-ID-UNIQUE", "GET-ROUND-TRIP", "TOKEN-NOT-REPEATED")
@pytest.mark.parametrize("member", ["name", "phone", "email", "company_id"])
@scenario
async def test_like_providers_are_told_apart(actor: Actor, member: str) -> None:
    """The second of two providers that share a value may be refused, but not taken for the first."""
    first = actor.values.signup()
    second = actor.values.signup()
    second["info"][member] = first["info"][member]
    signups = [await actor.signup(first), await actor.signup(second)]
    made = [registration for signup in signups if (registration := await actor.usable(signup)) is not None]
    for registration in made:
        await actor.get(registration)
    if len({registration.id for registration in made}) == 2:
        await update_and_read(actor, made[1], {**actor.values.info(), member: first["info"][member]})
        await add_and_read(actor, made[1])
        await actor.get(made[0])


@pytest.mark.parametrize("fault", fault_parameters(SIGNUP))
@scenario
async def test_one_fault(actor: Actor, fault: FaultCase) -> None:
    """A signup that is valid but for one member is refused, and that member is blamed."""
    await actor.signup(fault.spoil(actor.values.signup(documents=fault.documents)))


@exercises("SIGNUP-ACK-CORRECTED")
@settling
async def test_corrected_signup(actor: Actor) -> None:
    """A refused signup leaves nothing behind that would keep the provider from signing up."""
    body = actor.values.signup(documents=2)
    await actor.signup(spoiled(copy.deepcopy(body), ("/documents/1/name",)))
    await actor.settle()
    registration = await actor.usable(await actor.signup(body))
    if registration is not None:
        await actor.get(registration)


@pytest.mark.parametrize("faults", mixed_faults(SIGNUP))
@exercises("NACK-ALL")
@scenario
async def test_several_faults(actor: Actor, faults: tuple[str, ...]) -> None:
    """Each of several faulty members is blamed."""
    await actor.signup(spoiled(actor.values.signup(documents=3), faults))
