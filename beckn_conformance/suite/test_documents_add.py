"""§4 Add documents for verification."""

from __future__ import annotations

import pytest

from beckn_conformance.client.actor import Actor
from beckn_conformance.messages.exchange import Exchange
from beckn_conformance.messages.faults import FaultCase
from beckn_conformance.messages.values import SIZES
from beckn_conformance.run.scenario import case, exercises, instructing, scenario, settling
from beckn_conformance.specification.actions import ADD
from beckn_conformance.specification.replies import statuses
from beckn_conformance.suite.cases import (
    ANSWERED,
    LONG,
    UNEVEN,
    Kinds,
    add_and_read,
    call_about_unknown,
    call_with_fault,
    fault_parameters,
    large_documents,
    mixed_faults,
    signup_of,
    spoiled,
    together_or_apart,
    update_and_read,
    variant_parameters,
)


@exercises(
    *("DOCUMENTS-ENDPOINT", "DOCUMENTS-ACK", "DOCUMENTS-ACK-DOCUMENTS", "DOCUMENTS-BODY", "DOCUMENTS-ID"),
    *("DOCUMENTS-STATUS", "DOCUMENTS-STATUS-SEEN", "DOCUMENTS-NEW-STATUS", "DOCUMENTS-OLD-STATUS"),
    *("DOCUMENTS-DOCUMENT-ID", "DOCUMENTS-LISTED", "DOCUMENTS-ECHO", "DOCUMENTS-ECHO-EXACT", "DOCUMENTS-KEPT"),
    *("DOCUMENTS-KEEPS-REST", "TOKEN-ACCEPTED", "TOKEN-NOT-REPEATED"),
)
@pytest.mark.parametrize("count", [1, 2, 5])
@scenario
async def test_plain_addition(actor: Actor, count: int) -> None:
    """The reply, and what a Provider/get shows before and after."""
    registration = await actor.registered(signup_of(actor, {1: LONG, 2: UNEVEN}.get(count, {}), documents=2))
    await actor.get(registration)
    documents = actor.values.documents(count)
    if count == 5:
        documents[2:] = large_documents(actor)
    await add_and_read(actor, registration, documents)


@pytest.mark.parametrize("kinds", variant_parameters(ADD, "DOCUMENTS-ACK", "DOCUMENTS-ECHO", "DOCUMENTS-ECHO-EXACT"))
@scenario
async def test_valid_values(actor: Actor, kinds: Kinds) -> None:
    """Every kind of valid document is accepted, kept and given back."""

    async def attempt(kinds: Kinds) -> Exchange:
        registration = await actor.registered()
        return await add_and_read(actor, registration, [*map(actor.values.document, kinds.values())])

    await together_or_apart(kinds, attempt)


@pytest.mark.parametrize(
    "size",
    [
        case(("DOCUMENTS-ACK-DOCUMENTS", "DOCUMENTS-ECHO", "DOCUMENTS-ECHO-EXACT"), n, id=name)
        for name, n in SIZES.items()
    ],
)
@scenario
async def test_size_of_a_document(actor: Actor, size: int) -> None:
    """A document of any size up to 32 KB is accepted and kept whole (Q10)."""
    registration = await actor.registered()
    await add_and_read(actor, registration, actor.values.documents(1, size))


@exercises(
    *("DOCUMENTS-ACK", "DOCUMENTS-LISTED", "DOCUMENTS-DOCUMENT-ID-STABLE", "DOCUMENTS-KEPT"),
    *("DOCUMENTS-OLD-STATUS", "TOKEN-ACCEPTED"),
)
@pytest.mark.parametrize("times", [2, 3])
@scenario
async def test_additions_in_a_row(actor: Actor, times: int) -> None:
    """Each addition is listed with all that came before it."""
    registration = await actor.registered()
    for size in (*SIZES.values(),)[:times]:
        await add_and_read(actor, registration, actor.values.documents(2, size))


@exercises("DOCUMENTS-SAME-NAME")
@pytest.mark.parametrize("of", ["the_signup", "an_addition", "the_same_call"])
@scenario
async def test_same_name(actor: Actor, of: str) -> None:
    """A document of a name that is taken does not replace the one that has it, nor one that comes with it."""
    name = f"Operating Permit {actor.values.realistic.word()}.pdf"
    named = [actor.values.document(name=name)]
    if of == "the_signup":
        registration = await actor.registered({**actor.values.signup(), "documents": named})
    else:
        registration = await actor.registered()
    if of == "the_same_call":
        named.append(actor.values.document(name=name))
    if of != "the_signup":
        await add_and_read(actor, registration, named)
    if of != "the_same_call":
        await add_and_read(actor, registration, [actor.values.document(name=name)])


@exercises("DOCUMENTS-SAME-NAME")
@pytest.mark.parametrize("of", ["the_signup", "the_same_call"])
@scenario
async def test_same_content(actor: Actor, of: str) -> None:
    """A file that comes twice, under two names, is two documents."""
    body = actor.values.signup()
    registration = await actor.registered(body)
    added = [actor.values.document(), actor.values.document()]
    added[1]["data"] = (body["documents"] if of == "the_signup" else added)[0]["data"]
    await add_and_read(actor, registration, added)


@exercises("DOCUMENTS-SAME-NAME")
@pytest.mark.parametrize("part", ["name", "data"])
@scenario
async def test_alike_in_one_signup(actor: Actor, part: str) -> None:
    """Documents of a signup that share a name or a content do not replace each other."""
    body = actor.values.signup(documents=2)
    body["documents"][1][part] = body["documents"][0][part]
    registration = await actor.usable(await actor.signup(body))
    if registration is not None:
        await actor.get(registration)


@exercises("DOCUMENTS-KEEPS-REST", "GET-ROUND-TRIP")
@scenario
async def test_addition_leaves_other_registrations_alone(actor: Actor) -> None:
    """Only the registration that is named changes, even if a document of another has the same name."""
    body = actor.values.signup()
    one, other = await actor.registered(), await actor.registered(body)
    await add_and_read(actor, one, [actor.values.document(name=body["documents"][0]["name"])])
    await actor.get(other)


@exercises("DOCUMENTS-NACK-STATUS-UNCHANGED", "UPDATE-NACK-STATUS-UNCHANGED", "DOCUMENTS-ACK-DOCUMENTS")
@instructing
async def test_refusals_beside_an_untouched_registration(actor: Actor) -> None:
    """A registration that is left alone shows for how long time alone changes no status (R17); it is judged first.

    The addition is made in the end, once its fault is corrected.
    """
    documents = actor.values.documents(2)
    untouched, registration = await actor.registered(), await actor.registered()
    await actor.settle()
    await actor.get(untouched)
    await actor.get(registration)
    await actor.add(registration, [documents[0], {"name": documents[1]["name"]}])
    await actor.get(registration)
    await actor.update(registration, {**actor.values.info(), "phone": "12"})
    await actor.get(registration)
    await actor.add(registration, documents)


@exercises("DOCUMENTS-NEW-STATUS", "DOCUMENTS-STATUS")
@scenario
async def test_claimed_status(actor: Actor) -> None:
    """An addition that says it is verified is refused, or waits like any other (R4, R5)."""
    registration = await actor.registered()
    verified = {"status": statuses(actor.specification).verified}
    about = {"id": registration.id}
    for claims, claimed in (({}, verified), (verified, {})):
        body = {"registration": {**about, **claims}, "documents": [{**actor.values.document(), **claimed}], **claims}
        added = await actor.about(registration, ADD, body=body)
        await actor.get_after(added, registration)


@pytest.mark.parametrize("fault", fault_parameters(ADD, "DOCUMENTS-NACK-UNCHANGED", "DOCUMENTS-NACK-STATUS-UNCHANGED"))
@scenario
async def test_one_fault(actor: Actor, fault: FaultCase) -> None:
    """An addition that is valid but for one member is refused, that member is blamed, and nothing changes."""
    registration = await actor.registered()
    await call_with_fault(actor, registration, ADD, fault, actor.values.parts(ADD, fault.documents))


@pytest.mark.parametrize("faults", mixed_faults(ADD))
@exercises("NACK-ALL", "DOCUMENTS-NACK-UNCHANGED")
@scenario
async def test_several_faults(actor: Actor, faults: tuple[str, ...]) -> None:
    """Each of several faulty members is blamed, and nothing changes."""
    registration = await actor.registered()
    documents = [actor.values.document() for _ in range(3)]
    await actor.add(registration, spoiled({"documents": documents}, faults)["documents"])
    await actor.get(registration)


@exercises("DOCUMENTS-NACK-UNCHANGED", "DOCUMENTS-LISTED", "DOCUMENTS-NACK-STATUS-UNCHANGED")
@settling
async def test_refusal_between_additions(actor: Actor) -> None:
    """Sound documents of a refused addition are not kept, and those of others are not lost."""
    registration = await actor.registered()
    await add_and_read(actor, registration)
    await actor.settle()
    await actor.get(registration)
    await actor.add(registration, [actor.values.document(), {"name": "Permit.pdf"}, actor.values.document()])
    await actor.get(registration)
    await add_and_read(actor, registration)


@exercises("DOCUMENTS-NACK-UNKNOWN", *ANSWERED)
@scenario
async def test_unknown_registration(actor: Actor) -> None:
    """An id that no signup gave, with another registration's valid token (R16)."""
    await call_about_unknown(actor, ADD, {"documents": [actor.values.document()]})


@exercises("DOCUMENTS-OLD-STATUS-KEPT", "UPDATE-STAYS")
@settling
async def test_verified_documents_stay_verified(actor: Actor) -> None:
    """Neither other documents, acknowledged or refused, nor an update undo a verification by a person."""
    registration = await actor.registered(actor.values.signup(documents=2))
    await update_and_read(actor, registration)
    await add_and_read(actor, registration)
    await actor.verifier.verify(registration.id)
    await actor.get(registration)
    await actor.settle()
    await actor.add(registration, [{"name": "Permit.pdf"}])
    for _ in range(3):
        await add_and_read(actor, registration)


@exercises("DOCUMENTS-LISTED", "DOCUMENTS-KEPT", "UPDATE-KEEPS-REST")
@pytest.mark.parametrize("count", [case("DOCUMENTS-LISTED", 8, id="8_additions")])
@settling
async def test_many_additions(actor: Actor, count: int) -> None:
    """Documents are not lost by number, neither by additions nor by an update after them."""
    registration = await actor.registered()
    for _ in range(count):
        added = await actor.add(registration, [actor.values.document() for _ in range(4)])
    await actor.get_after(added, registration)
    await actor.settle()
    await update_and_read(actor, registration)
