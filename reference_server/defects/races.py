"""Defects that show only where calls overlap: something is read, a moment passes, and it is written back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from reference_server.defects.keeping import sound_info
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Json, Reply, Request
from reference_server.planting import Defect, Family, defect, replaces
from reference_server.planting.steps import Performing, Replying, both, on_refusal, performing, with_info
from reference_server.registration import Registration

_MOMENT = 0.004
"""Seconds between reading and writing, such as a query to a database takes."""
_LARGE = 20_000
"""Characters of data of a document that takes longer to be read."""

_LATER = ("UPDATE-VISIBLE", "UPDATE-STAYS")
_LOST = ("DOCUMENTS-KEPT", "UPDATE-KEEPS-REST")
_OTHERS = ("DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED")

_FAMILY = Family()


def _is_large(request: Request) -> bool:
    return any(len(document["data"]) > _LARGE for document in request.body["documents"])


@_FAMILY.plants("update-beside-addition-lost", "UPDATE-VISIBLE", GET, "/info", *_LATER, by=partial(performing, ADD))
async def _with_info_written_back(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """An addition writes the info back that it has read, over that of a parallel update."""
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(
        registration.id, lambda kept: replace(gateway.add(request, kept), info=registration.info)
    )


@_FAMILY.plants(
    "documents-add-reads-then-writes", "DOCUMENTS-LISTED", ADD, "/documents", *_LOST, by=partial(performing, ADD)
)
async def _with_documents_written_back(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """Of additions that overlap within milliseconds the last one wins."""
    changed = gateway.add(request, registration)
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(
        registration.id, lambda kept: replace(kept, documents=changed.documents, status=changed.status)
    )


@_FAMILY.plants(
    "documents-add-beside-update-lost", "DOCUMENTS-LISTED", ADD, "/documents", *_LOST, by=partial(performing, UPDATE)
)
async def _(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """An update writes the documents back that it has read, without those of a parallel addition."""
    changed = gateway.update(request, registration)
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(registration.id, lambda kept: changed)


@_FAMILY.plants("update-member-by-member", "UPDATE-WHOLE", GET, "/info", *_LATER, by=partial(performing, UPDATE))
async def _(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """An update writes member by member, so that parallel ones leave some members of each."""
    for name, value in gateway.content(request)["info"].items():
        await asyncio.sleep(_MOMENT)
        gateway.store.change(registration.id, partial(with_info, {name: value}))
    return gateway.update(request, registration)


@_FAMILY.plants(
    *("documents-document-id-counted-in-parallel", "DOCUMENTS-DOCUMENT-ID", ADD, "/documents/*/id"),
    by=partial(performing, ADD),
)
async def _(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """Documents are numbered by a count that is read a moment before they are added."""
    count = len(registration.documents)
    await asyncio.sleep(_MOMENT)

    def added(kept: Registration) -> Registration:
        changed = gateway.add(request, kept)
        new = changed.documents[len(kept.documents) :]
        numbered = (replace(each, id=f"{kept.id}-{count + place}") for place, each in enumerate(new))
        return replace(changed, documents=(*kept.documents, *numbered))

    return gateway.store.change(registration.id, added)


def defects() -> Iterator[Defect]:
    yield from _FAMILY()
    # Documents that take long enough to be read leave more room for another call.
    words = "an addition of large documents writes the info back that it has read, over that of a parallel update"
    install = performing(ADD, _with_info_written_back, _is_large)
    yield defect("update-beside-large-addition-lost", "UPDATE-VISIBLE", GET, "/info", words, install, *_LATER)
    words = "of additions of large documents that overlap within milliseconds the last one wins"
    install = performing(ADD, _with_documents_written_back, _is_large)
    yield defect("documents-add-large-reads-then-writes", "DOCUMENTS-LISTED", ADD, "/documents", words, install, *_LOST)


@_FAMILY.plants("get-beside-update-shows-half", "UPDATE-WHOLE", GET, "/info")
def _(gateway: Gateway) -> None:
    """Updates wait for each other, but a Provider/get in between shows half of one."""
    locks: dict[str, asyncio.Lock] = {}

    async def in_turn(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        async with locks.setdefault(registration.id, asyncio.Lock()):
            sent = gateway.content(request)["info"]
            first = {name: sent[name] for name in list(sent)[: len(sent) // 2]}
            gateway.store.change(registration.id, partial(with_info, first))
            await asyncio.sleep(_MOMENT)
            return gateway.store.change(registration.id, lambda kept: gateway.update(request, kept))

    performing(UPDATE, in_turn)(gateway)


@_FAMILY.plants(
    "update-beside-refused-one-takes-its-values", "UPDATE-NACK-UNCHANGED", GET, "/info", "UPDATE-WHOLE", *_LATER
)
def _(gateway: Gateway) -> None:
    """Updates share a draft, so that one takes members of another that is refused meanwhile."""
    drafts: dict[str, dict[str, Json]] = {}

    def draft(gateway: Gateway, request: Request, kept: Registration) -> Registration:
        drafts.setdefault(kept.id, {}).update(sound_info(gateway, request))
        return kept

    async def drafted(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        drafts[registration.id] = sound_info(gateway, request)
        await asyncio.sleep(_MOMENT)
        gateway.store.change(registration.id, partial(with_info, dict(drafts[registration.id])))
        return gateway.update(request, registration)

    both(performing(UPDATE, drafted), on_refusal(UPDATE, draft))(gateway)


@_FAMILY.plants("documents-add-skipped-while-update-runs", "DOCUMENTS-LISTED", ADD, "/documents", *_LOST)
def _(gateway: Gateway) -> None:
    """An addition that comes while an update is under way is acknowledged and forgotten."""
    running: set[str] = set()

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action == ADD and registration.id in running:
            return gateway.add(request, registration)
        if request.action == UPDATE:
            running.add(registration.id)
            await asyncio.sleep(_MOMENT)
            running.discard(registration.id)
        return await inner(request, registration)


# Races between calls about different registrations.


@_FAMILY.plants(
    "signup-id-counted-in-parallel",
    "SIGNUP-ID-UNIQUE",
    SIGNUP,
    "/registration/id",
    *("GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT", "TOKEN-ACCEPTED", "GET-ACK"),
)
def _(gateway: Gateway) -> None:
    """Ids are numbers of a counter that is read, and written a moment later."""
    counter = 0
    numbers: list[str] = []

    @replaces(gateway)
    async def sign_up(inner: Replying, request: Request) -> Reply:
        nonlocal counter
        number = counter
        await asyncio.sleep(_MOMENT)
        counter = number + 1
        numbers.append(f"reg-{counter}")
        return await inner(request)

    @replaces(gateway)
    def new_id(inner: Callable[[], str]) -> str:
        return numbers.pop()


@_FAMILY.plants("get-shows-info-of-parallel-call", "GET-ROUND-TRIP", GET, "/info", *_OTHERS)
def _(gateway: Gateway) -> None:
    """The registration that is looked up is held in one place for all calls."""
    current: list[Registration] = []

    async def held(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        current[:] = [registration]
        await asyncio.sleep(_MOMENT)
        return replace(registration, info=current[0].info)

    performing(GET, held)(gateway)


@_FAMILY.plants(
    "update-takes-info-of-parallel-update",
    "UPDATE-ECHO",
    UPDATE,
    "/info",
    *("GET-ROUND-TRIP", "UPDATE-WHOLE", *_LATER, *_OTHERS),
)
def _(gateway: Gateway) -> None:
    """What an update brings is held in one place for all calls, and read a moment later."""
    latest: dict[str, Json] = {}

    async def held(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        latest.clear()
        latest.update(gateway.content(request)["info"])
        await asyncio.sleep(_MOMENT)
        return gateway.store.change(registration.id, partial(with_info, dict(latest)))

    performing(UPDATE, held)(gateway)
