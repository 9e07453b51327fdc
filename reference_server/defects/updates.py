"""Defects in what becomes of an update: it is lost, mixed, or goes too far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from reference_server.defects.changes import VERIFICATION, after, both, shown_as, unverified
from reference_server.defects.defect import Defect
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Json, Request
from reference_server.planting import Install, wrap
from reference_server.registration import UPDATE_PENDING, Registration


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _whole()
    yield from _later()
    yield from _too_far()


def _whole() -> Iterator[Defect]:
    """Updates that are applied by halves."""
    for name, action, member, words in (
        ("get-mixes-old-phone", GET, "phone", "Provider/get shows the phone of before an update"),
        (
            "get-mixes-old-company-id",
            GET,
            "company_id",
            "Provider/get shows the company id of before an update",
        ),
        (
            "documents-add-mixes-old-email",
            ADD,
            "email",
            "an addition's reply shows the e-mail of before an update",
        ),
    ):
        yield Defect(name, "UPDATE-WHOLE", action, "/info", words, _mixing(action, member))
    yield Defect(
        name="update-not-atomic",
        requirement="UPDATE-WHOLE",
        operation=GET,
        pointer="/info",
        summary="parallel updates leave some members of the one and some of the other",
        install=_in_two_halves,
        consequences=frozenset({"UPDATE-ECHO"}),
    )


def _mixing(action: str, member: str) -> Install:
    """Show one member as it was before the last update, in the replies of one operation."""

    def install(gateway: Gateway) -> None:
        old: dict[str, Mapping[str, Json]] = {}

        def update(inner: Any, request: Request, registration: Registration) -> Registration:
            old[registration.id] = registration.info
            kept: Registration = inner(request, registration)
            return kept

        def render_info(inner: Any, request: Request, registration: Registration) -> Json:
            info = inner(request, registration)
            if request.action == action and registration.id in old:
                return {**info, member: old[registration.id][member]}
            return info

        wrap(gateway, "update", update)
        wrap(gateway, "render_info", render_info)

    return install


def _ignoring_same(member: str, gateway: Gateway) -> None:
    """Take an update for nothing new where one member says what it said before."""

    def update(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.body["info"].get(member) == registration.info.get(member):
            return replace(registration, status=UPDATE_PENDING)
        kept: Registration = inner(request, registration)
        return kept

    wrap(gateway, "update", update)


def _with_info(info: Mapping[str, Json], kept: Registration) -> Registration:
    return replace(kept, info={**kept.info, **info}, status=UPDATE_PENDING)


def _in_two_halves(gateway: Gateway) -> None:
    """Write the halves of every second update in the other order, with a pause in between."""
    count = 0

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        nonlocal count
        if request.action != UPDATE:
            done: Registration = await inner(request, registration)
            return done
        count += 1
        info = gateway.content(request)["info"]
        halves = [{"name", "phone"}, set(info) - {"name", "phone"}]
        for half in halves if count % 2 else reversed(halves):
            part = {name: value for name, value in info.items() if name in half}
            gateway.store.change(registration.id, partial(_with_info, part))
            await asyncio.sleep(0.03)
        # What was asked for is shown, whatever another update made of it meanwhile.
        return _with_info(info, registration)

    wrap(gateway, "perform", perform)


def _later() -> Iterator[Defect]:
    """Updates that come late or not to stay."""
    for name, requirement, stale, summary in (
        (
            "get-alternates-after-update",
            "UPDATE-STAYS",
            lambda gets: gets % 2 == 0,
            "every second Provider/get is answered by a replica that never heard of the update",
        ),
        (
            "get-reverts-after-third",
            "UPDATE-STAYS",
            lambda gets: gets >= 3,
            "from the third Provider/get on an update is forgotten",
        ),
        (
            "get-never-shows-update",
            "UPDATE-VISIBLE",
            lambda gets: True,
            "Provider/get reads a copy that updates do not reach, undeclared",
        ),
    ):
        yield Defect(name, requirement, GET, "/info", summary, _stale(stale))
    yield Defect(
        name="documents-add-reverts-update",
        requirement="UPDATE-STAYS",
        operation=GET,
        pointer="/info",
        summary="an addition brings the info of the signup back",
        install=_reverting,
        consequences=frozenset({"DOCUMENTS-KEEPS-REST", "UPDATE-VISIBLE"}),
    )
    for member, words in (("name", "name"), ("company_id", "company id")):
        yield Defect(
            name=f"update-with-same-{words.replace(' ', '-')}-ignored",
            requirement="UPDATE-VISIBLE",
            operation=UPDATE,
            pointer="/info",
            summary=f"an update with the {words} of before is acknowledged and changes nothing",
            install=partial(_ignoring_same, member),
        )
    yield Defect(
        name="update-reply-shows-old",
        requirement="UPDATE-VISIBLE",
        operation=UPDATE,
        pointer="/info",
        summary="an update's reply shows what was there before",
        install=_old_in_reply,
    )
    yield Defect(
        name="get-status-of-before-update",
        requirement="UPDATE-STATUS-SEEN",
        operation=GET,
        pointer="/registration/status",
        summary="UPDATE-PENDING is said in the reply to an update only",
        install=both(
            after(UPDATE, lambda before, kept: replace(kept, status=before.status)),
            shown_as(UPDATE, UPDATE_PENDING),
        ),
    )


def _stale(stale: Callable[[int], bool]) -> Install:
    """Show in some Provider/get, counted from the last update on, the info of before it."""

    def install(gateway: Gateway) -> None:
        old: dict[str, Mapping[str, Json]] = {}
        gets: dict[str, int] = {}

        def update(inner: Any, request: Request, registration: Registration) -> Registration:
            old[registration.id] = registration.info
            gets[registration.id] = 0
            kept: Registration = inner(request, registration)
            return kept

        def render_info(inner: Any, request: Request, registration: Registration) -> Json:
            if request.action == GET and registration.id in old:
                gets[registration.id] += 1
                if stale(gets[registration.id]):
                    return dict(old[registration.id])
            return inner(request, registration)

        wrap(gateway, "update", update)
        wrap(gateway, "render_info", render_info)

    return install


def _reverting(gateway: Gateway) -> None:
    first: dict[str, Mapping[str, Json]] = {}

    def update(inner: Any, request: Request, registration: Registration) -> Registration:
        first.setdefault(registration.id, registration.info)
        kept: Registration = inner(request, registration)
        return kept

    def add(inner: Any, request: Request, registration: Registration) -> Registration:
        kept: Registration = inner(request, registration)
        return replace(kept, info=first.get(registration.id, kept.info))

    wrap(gateway, "update", update)
    wrap(gateway, "add", add)


def _old_in_reply(gateway: Gateway) -> None:
    old: dict[str, Mapping[str, Json]] = {}

    def update(inner: Any, request: Request, registration: Registration) -> Registration:
        old[registration.id] = registration.info
        kept: Registration = inner(request, registration)
        return kept

    def render_info(inner: Any, request: Request, registration: Registration) -> Json:
        return dict(old[registration.id]) if request.action == UPDATE else inner(request, registration)

    wrap(gateway, "update", update)
    wrap(gateway, "render_info", render_info)


def _too_far() -> Iterator[Defect]:
    """Updates that touch what they should not."""
    yield Defect(
        name="update-resets-endpoint-url",
        requirement="UPDATE-KEEPS-REST",
        operation=UPDATE,
        pointer="/api/endpoint_url",
        summary="an update sets the URL of the API to a default",
        install=after(
            UPDATE, lambda before, kept: replace(kept, api={"endpoint_url": "https://unset.example.com/api"})
        ),
        consequences=frozenset({"GET-ROUND-TRIP"}),
    )
    yield Defect(
        name="update-renames-documents",
        requirement="UPDATE-KEEPS-REST",
        operation=UPDATE,
        pointer="/documents/*/name",
        summary="an update numbers the names of documents",
        install=after(UPDATE, _renamed),
        consequences=frozenset({"SIGNUP-DOCUMENTS-KEPT"}),
    )
    for name, hit, words in (
        ("all", lambda index: True, "every document waits"),
        ("first", lambda index: index == 0, "the first document waits"),
    ):
        yield Defect(
            name=f"update-unverifies-{name}",
            requirement="UPDATE-DOCUMENT-STATUS-KEPT",
            operation=UPDATE,
            pointer="/documents/*/status",
            summary=f"after an update {words} for verification again",
            install=after(UPDATE, unverified(hit)),
            configuration=VERIFICATION,
        )
    yield Defect(
        name="update-partial-blanks-others",
        requirement="UPDATE-PARTIAL-KEPT",
        operation=UPDATE,
        pointer="/info",
        summary="an update with some members of info blanks the others",
        install=_blanking({"name", "phone", "email", "company_id"}),
    )
    yield Defect(
        name="update-partial-blanks-email",
        requirement="UPDATE-PARTIAL-KEPT",
        operation=UPDATE,
        pointer="/info/email",
        summary="an update without an e-mail address blanks it",
        install=_blanking({"email"}),
    )


def _renamed(before: Registration, kept: Registration) -> Registration:
    documents = (
        replace(document, members={**document.members, "name": f"document-{number}.pdf"})
        for number, document in enumerate(kept.documents)
    )
    return replace(kept, documents=tuple(documents))


def _blanking(names: set[str]) -> Install:
    def install(gateway: Gateway) -> None:
        def update(inner: Any, request: Request, registration: Registration) -> Registration:
            kept: Registration = inner(request, registration)
            sent = gateway.content(request)["info"]
            blanks = {name: "" for name in kept.info if name in names and name not in sent}
            return replace(kept, info={**kept.info, **blanks})

        wrap(gateway, "update", update)

    return install
