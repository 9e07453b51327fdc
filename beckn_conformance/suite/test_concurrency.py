"""Concurrent calls: parallel signups, and parallel calls about one registration or two (X3).

Each scenario sends groups of calls that leave at the same moment, each over its own connection, in several rounds. Then
it waits until stale reads are no longer excused (R19), and reads again. The replies are compared with a sequential
model: some order of the calls that respects the times of sending and of the replies must explain every reply (see
``beckn_conformance.judging.history.histories``).

A finding proves a race. No finding means that none was seen in these rounds, with the overlap that the network allowed:
groups larger than the declared ``concurrency``, or spread by a ``rate``, overlap less. A gateway may choose which of
parallel updates wins, and may refuse a change while another is under way. What it refuses must leave no trace, and what
it acknowledges must not be lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from beckn_conformance.client.actor import Actor, Call
from beckn_conformance.judging.history.histories import MANY
from beckn_conformance.messages.registration import Registration
from beckn_conformance.run.scenario import case, exercises, scenario, settling
from beckn_conformance.specification.actions import ADD, GET, SIGNUP, UPDATE
from beckn_conformance.suite.cases import add_and_read

LARGE = 30 * 1024
"""Characters of data of a large document: slow reading and writing leave more room for another call."""

APART = (0.0, 0.001, 0.003)
"""Seconds between the calls of a group, by round, to hit every stage of handling that takes milliseconds."""


def get(registration: Registration) -> Call:
    return Call.about(registration, GET)


def update(actor: Actor, registration: Registration, **wrong: str) -> Call:
    return Call.about(registration, UPDATE, {"info": {**actor.values.info(), **wrong}})


def add(actor: Actor, registration: Registration, size: int = 0) -> Call:
    return Call.about(registration, ADD, {"documents": actor.values.documents(1, size)})


def faulty_add(actor: Actor, registration: Registration) -> Call:
    documents = [actor.values.document(), {"name": "Operating Permit.pdf"}]
    return Call.about(registration, ADD, {"documents": documents})


async def known(actor: Actor, size: int = 0) -> Registration:
    """Returns a registration that other calls see, with a document of a given size."""
    registration = await actor.registered({**actor.values.signup(), "documents": actor.values.documents(1, size)})
    await actor.get(registration)
    return registration


async def rounds(actor: Actor, group: Callable[[], Sequence[Call]]) -> AsyncIterator[None]:
    """Sends a group of new calls in every round, in both orders."""
    for number, apart in enumerate(APART):
        calls = group()
        await actor.together(*(calls if number % 2 == 0 else reversed(calls)), apart=apart)
        yield


async def look(actor: Actor, *registrations: Registration, times: int = 3) -> None:
    """Reads several times after everything has settled."""
    await actor.settle()
    for _ in range(times):
        for registration in registrations:
            await actor.get(registration)


@exercises("SIGNUP-ID-UNIQUE")
@scenario
async def test_ids_are_unique(actor: Actor) -> None:
    """Many signups, in groups that are made at the same time."""
    abreast = 10
    for _ in range(MANY // abreast):
        await actor.together(*(Call(SIGNUP, actor.values.signup()) for _ in range(abreast)))


@exercises("SIGNUP-ID-UNIQUE", "SIGNUP-ECHO", "GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT", "TOKEN-ACCEPTED")
@pytest.mark.parametrize("abreast", [8])
@settling
async def test_signups_side_by_side(actor: Actor, abreast: int) -> None:
    """Each of the registrations made at the same time is given back as it was made."""
    signups = await actor.together(*(Call(SIGNUP, actor.values.signup(documents=2)) for _ in range(abreast)))
    made = [registration for signup in signups if (registration := await actor.usable(signup)) is not None]
    if made:
        await actor.together(*map(get, made))
        await look(actor, *made, times=1)


@exercises("UPDATE-WHOLE", "UPDATE-STAYS", "UPDATE-VISIBLE", "GET-ROUND-TRIP", "UPDATE-ECHO")
@pytest.mark.parametrize(
    ("abreast", "size"),
    [
        *(case("UPDATE-WHOLE", n, 0, id=f"{n}_abreast") for n in (2, 4, 8)),
        case("UPDATE-WHOLE", 2, LARGE, id="2_abreast_with_a_large_document"),
    ],
)
@settling
async def test_updates_side_by_side(actor: Actor, abreast: int, size: int) -> None:
    """One of several parallel updates remains, complete, and no parallel Provider/get shows half of one."""
    registration = await known(actor, size)

    def group() -> list[Call]:
        updates = [update(actor, registration) for _ in range(abreast)]
        return [get(registration), updates[0], get(registration), *updates[1:], get(registration)]

    async for _ in rounds(actor, group):
        await actor.get(registration)
    await look(actor, registration)


@exercises("DOCUMENTS-LISTED", "DOCUMENTS-KEPT", "DOCUMENTS-DOCUMENT-ID")
@pytest.mark.parametrize("abreast", [case("DOCUMENTS-LISTED", n, id=f"{n}_abreast") for n in (2, 4, 8)])
@settling
async def test_additions_side_by_side(actor: Actor, abreast: int) -> None:
    """No parallel addition is missing from the reply to a later, single one."""
    registration = await known(actor)
    async for _ in rounds(actor, lambda: [*(add(actor, registration) for _ in range(abreast)), get(registration)]):
        pass
    await actor.settle()
    await add_and_read(actor, registration)


@exercises("DOCUMENTS-LISTED", "DOCUMENTS-KEPT", "DOCUMENTS-DOCUMENT-ID")
@pytest.mark.parametrize("abreast", [case("DOCUMENTS-LISTED", n, id=f"{n}_abreast") for n in (2, 3)])
@settling
async def test_large_additions_side_by_side(actor: Actor, abreast: int) -> None:
    """The same with large documents; each round uses its own registration, so that none grows too large."""
    registrations = [await known(actor, LARGE) for _ in APART]
    left = iter(registrations)

    def group() -> list[Call]:
        registration = next(left)
        return [*(add(actor, registration, LARGE) for _ in range(abreast)), get(registration)]

    async for _ in rounds(actor, group):
        pass
    await actor.settle()
    for registration in registrations:
        await add_and_read(actor, registration)


@exercises(
    *("UPDATE-WHOLE", "UPDATE-STAYS", "UPDATE-VISIBLE", "UPDATE-KEEPS-REST", "DOCUMENTS-KEEPS-REST"),
    *("DOCUMENTS-LISTED", "DOCUMENTS-KEPT"),
)
@pytest.mark.parametrize(
    ("abreast", "size"),
    [
        case("DOCUMENTS-LISTED", 1, 0, id="1_of_each"),
        case("DOCUMENTS-LISTED", 2, 0, id="2_of_each"),
        case("DOCUMENTS-LISTED", 1, LARGE, id="1_of_each_with_large_documents"),
    ],
)
@settling
async def test_updates_and_additions_side_by_side(actor: Actor, abreast: int, size: int) -> None:
    """Neither undoes the other, whichever comes first; each round uses its own registration."""
    registrations = [await known(actor, size) for _ in APART]
    left = iter(registrations)

    def group() -> list[Call]:
        registration = next(left)
        updates = [update(actor, registration) for _ in range(abreast)]
        return [*updates, *(add(actor, registration, size) for _ in range(abreast)), get(registration)]

    async for _ in rounds(actor, group):
        pass
    await look(actor, *registrations, times=1)
    for registration in registrations:
        await add_and_read(actor, registration)


@exercises(*("UPDATE-NACK-UNCHANGED", "DOCUMENTS-NACK-UNCHANGED", "UPDATE-WHOLE", "DOCUMENTS-LISTED"))
@settling
async def test_refused_changes_beside_valid_ones(actor: Actor) -> None:
    """Refused changes leave no trace in parallel acknowledged changes, and spoils none of them."""
    registration = await known(actor)

    def group() -> list[Call]:
        updates = [update(actor, registration, **wrong) for wrong in ({}, {"phone": "12"}) * 2]
        return [*updates, add(actor, registration), faulty_add(actor, registration), get(registration)]

    async for _ in rounds(actor, group):
        await actor.get(registration)
    await look(actor, registration, times=1)
    for refused in (update(actor, registration, phone="12"), faulty_add(actor, registration)):
        await actor.together(refused)
        await actor.get(registration)
    await add_and_read(actor, registration)


@exercises(
    *("GET-ROUND-TRIP", "UPDATE-ECHO", "UPDATE-WHOLE", "DOCUMENTS-KEEPS-REST", "DOCUMENTS-LISTED"), "DOCUMENTS-ECHO"
)
@settling
async def test_two_registrations_at_once(actor: Actor) -> None:
    """Changes of one registration never appear in another that changes at the same time."""
    one, other = await known(actor), await known(actor)
    async for _ in rounds(actor, lambda: [update(actor, one), update(actor, other), get(one), get(other)]):
        await actor.together(add(actor, one), add(actor, other), get(other), get(one))
    await look(actor, one, other, times=1)
    for each in (one, other):
        await actor.add(each, [actor.values.document()])
    await actor.update(one, actor.values.info())
    await actor.get(other)
