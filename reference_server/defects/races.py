"""Defects that show only where calls overlap: something is read, a moment passes, and it is written back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from reference_server.defects.defect import Defect
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import UPDATE_PENDING, Document, Registration, digest

_MOMENT = 0.004
"""Seconds between reading and writing, such as a query to a database takes."""

_LARGE = 20_000
"""Characters of data of a document that takes longer to be read."""

Performance = Callable[[Gateway, Request, Registration], Awaitable[Registration]]
"""Carries out a call about a registration in a way of its own."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _updates()
    yield from _additions()
    yield from _across()


def _always(request: Request) -> bool:
    return True


def _performing(action: str, performance: Performance, when: Callable[[Request], bool] = _always) -> Install:
    """Carry out the calls of one operation, or some of them, in another way."""

    def install(gateway: Gateway) -> None:
        async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
            if request.action == action and when(request):
                return await performance(gateway, request, registration)
            done: Registration = await inner(request, registration)
            return done

        wrap(gateway, "perform", perform)

    return install


def _is_large(request: Request) -> bool:
    return any(len(document["data"]) > _LARGE for document in request.body["documents"])


def _updates() -> Iterator[Defect]:
    yield Defect(
        name="update-member-by-member",
        requirement="UPDATE-WHOLE",
        operation=GET,
        pointer="/info",
        summary="an update writes member by member, so that parallel ones leave some members of each",
        install=_performing(UPDATE, _member_by_member),
        consequences=frozenset({"UPDATE-VISIBLE", "UPDATE-STAYS"}),
    )
    yield Defect(
        name="get-beside-update-shows-half",
        requirement="UPDATE-WHOLE",
        operation=GET,
        pointer="/info",
        summary="updates wait for each other, but a Provider/get in between shows half of one",
        install=_in_turn,
    )
    yield Defect(
        name="update-beside-addition-lost",
        requirement="UPDATE-VISIBLE",
        operation=GET,
        pointer="/info",
        summary="an addition writes the info back that it has read, over that of a parallel update",
        install=_performing(ADD, _with_info_written_back),
        consequences=frozenset({"UPDATE-STAYS"}),
    )
    yield Defect(
        name="update-beside-large-addition-lost",
        requirement="UPDATE-VISIBLE",
        operation=GET,
        pointer="/info",
        summary="the same for additions of large documents alone, which take long enough to be read",
        install=_performing(ADD, _with_info_written_back, _is_large),
        consequences=frozenset({"UPDATE-STAYS"}),
    )
    yield Defect(
        name="update-beside-refused-one-takes-its-values",
        requirement="UPDATE-NACK-UNCHANGED",
        operation=GET,
        pointer="/info",
        summary="updates share a draft, so that one takes members of another that is refused meanwhile",
        install=_sharing_a_draft,
        consequences=frozenset({"UPDATE-WHOLE", "UPDATE-VISIBLE", "UPDATE-STAYS"}),
    )


async def _member_by_member(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    for name, value in gateway.content(request)["info"].items():
        await asyncio.sleep(_MOMENT)
        gateway.store.change(registration.id, partial(_with_info, {name: value}))
    return gateway.update(request, registration)


def _with_info(info: dict[str, Json], kept: Registration) -> Registration:
    return replace(kept, info={**kept.info, **info}, status=UPDATE_PENDING)


def _in_turn(gateway: Gateway) -> None:
    locks: dict[str, asyncio.Lock] = {}

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action != UPDATE:
            done: Registration = await inner(request, registration)
            return done
        async with locks.setdefault(registration.id, asyncio.Lock()):
            sent = gateway.content(request)["info"]
            first = {name: sent[name] for name in list(sent)[: len(sent) // 2]}
            gateway.store.change(registration.id, partial(_with_info, first))
            await asyncio.sleep(_MOMENT)
            return gateway.store.change(registration.id, lambda kept: gateway.update(request, kept))

    wrap(gateway, "perform", perform)


async def _with_info_written_back(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(
        registration.id, lambda kept: replace(gateway.add(request, kept), info=registration.info)
    )


def _sharing_a_draft(gateway: Gateway) -> None:
    drafts: dict[str, dict[str, Json]] = {}

    def draft(request: Request) -> None:
        info = request.body.get("info")
        owner = gateway.store.owner(digest(request.token))
        if isinstance(info, dict) and owner is not None and owner.id == request.id:
            faulty = {place[1] for place in gateway.check_body(request) if place[0] == "info" and len(place) > 1}
            sound = {name: value for name, value in info.items() if name in owner.info and name not in faulty}
            drafts.setdefault(owner.id, {}).update({name: value for name, value in sound.items() if value is not None})

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action == UPDATE:
            drafts[registration.id] = {}
            draft(request)
            await asyncio.sleep(_MOMENT)
            gateway.store.change(registration.id, partial(_with_info, dict(drafts[registration.id])))
            return gateway.update(request, registration)
        done: Registration = await inner(request, registration)
        return done

    def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        if request.action == UPDATE and reason == "body":
            draft(request)
        refusal: Reply = inner(request, reason, message, faults)
        return refusal

    wrap(gateway, "perform", perform)
    wrap(gateway, "refuse", refuse)


def _additions() -> Iterator[Defect]:
    for name, action, performance, when, summary in (
        (
            "documents-add-reads-then-writes",
            ADD,
            _with_documents_written_back,
            _always,
            "of additions that overlap within milliseconds the last one wins",
        ),
        (
            "documents-add-large-reads-then-writes",
            ADD,
            _with_documents_written_back,
            _is_large,
            "of additions of large documents that overlap within milliseconds the last one wins",
        ),
        (
            "documents-add-beside-update-lost",
            UPDATE,
            _with_all_written_back,
            _always,
            "an update writes the documents back that it has read, without those of a parallel addition",
        ),
    ):
        yield Defect(
            name=name,
            requirement="DOCUMENTS-LISTED",
            operation=ADD,
            pointer="/documents",
            summary=summary,
            install=_performing(action, performance, when),
            consequences=frozenset({"DOCUMENTS-KEPT", "UPDATE-KEEPS-REST"}),
        )
    yield Defect(
        name="documents-add-skipped-while-update-runs",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="an addition that comes while an update is under way is acknowledged and forgotten",
        install=_skipping,
        consequences=frozenset({"DOCUMENTS-KEPT", "UPDATE-KEEPS-REST"}),
    )
    yield Defect(
        name="documents-document-id-counted-in-parallel",
        requirement="DOCUMENTS-DOCUMENT-ID",
        operation=ADD,
        pointer="/documents/*/id",
        summary="documents are numbered by a count that is read a moment before they are added",
        install=_performing(ADD, _numbered_too_early),
    )


async def _with_documents_written_back(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    changed = gateway.add(request, registration)
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(
        registration.id, lambda kept: replace(kept, documents=changed.documents, status=changed.status)
    )


async def _with_all_written_back(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    changed = gateway.update(request, registration)
    await asyncio.sleep(_MOMENT)
    return gateway.store.change(registration.id, lambda kept: changed)


def _skipping(gateway: Gateway) -> None:
    running: set[str] = set()

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action == ADD and registration.id in running:
            return gateway.add(request, registration)
        if request.action == UPDATE:
            running.add(registration.id)
            await asyncio.sleep(_MOMENT)
            running.discard(registration.id)
        done: Registration = await inner(request, registration)
        return done

    wrap(gateway, "perform", perform)


async def _numbered_too_early(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    count = len(registration.documents)
    await asyncio.sleep(_MOMENT)

    def added(kept: Registration) -> Registration:
        changed = gateway.add(request, kept)
        old = len(kept.documents)
        new: tuple[Document, ...] = tuple(
            replace(document, id=f"{kept.id}-{count + place}") for place, document in enumerate(changed.documents[old:])
        )
        return replace(changed, documents=(*kept.documents, *new))

    return gateway.store.change(registration.id, added)


def _across() -> Iterator[Defect]:
    """Races between calls about different registrations."""
    yield Defect(
        name="signup-id-counted-in-parallel",
        requirement="SIGNUP-ID-UNIQUE",
        operation=SIGNUP,
        pointer="/registration/id",
        summary="ids are numbers of a counter that is read, and written a moment later",
        install=_counting,
        consequences=frozenset({"GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT", "TOKEN-ACCEPTED", "GET-ACK"}),
    )
    yield Defect(
        name="get-shows-info-of-parallel-call",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/info",
        summary="the registration that is looked up is held in one place for all calls",
        install=_one_place_for_all,
        consequences=frozenset({"DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED"}),
    )
    yield Defect(
        name="update-takes-info-of-parallel-update",
        requirement="UPDATE-ECHO",
        operation=UPDATE,
        pointer="/info",
        summary="what an update brings is held in one place for all calls, and read a moment later",
        install=_one_update_for_all,
        consequences=frozenset(
            {
                *("GET-ROUND-TRIP", "DOCUMENTS-KEEPS-REST", "UPDATE-WHOLE", "UPDATE-VISIBLE", "UPDATE-STAYS"),
                "UPDATE-NACK-UNCHANGED",
            }
        ),
    )


def _counting(gateway: Gateway) -> None:
    counter = 0
    numbers: list[str] = []

    async def sign_up(inner: Any, request: Request) -> Reply:
        nonlocal counter
        number = counter
        await asyncio.sleep(_MOMENT)
        counter = number + 1
        numbers.append(f"reg-{counter}")
        reply: Reply = await inner(request)
        return reply

    wrap(gateway, "sign_up", sign_up)
    wrap(gateway, "new_id", lambda inner: numbers.pop())


def _one_place_for_all(gateway: Gateway) -> None:
    current: list[Registration] = []

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action != GET:
            return done
        current[:] = [done]
        await asyncio.sleep(_MOMENT)
        return replace(done, info=current[0].info)

    wrap(gateway, "perform", perform)


def _one_update_for_all(gateway: Gateway) -> None:
    latest: dict[str, Json] = {}

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action != UPDATE:
            done: Registration = await inner(request, registration)
            return done
        latest.clear()
        latest.update(gateway.content(request)["info"])
        await asyncio.sleep(_MOMENT)
        return gateway.store.change(registration.id, partial(_with_info, dict(latest)))

    wrap(gateway, "perform", perform)
