"""Defects in what is kept of signups, and in refused calls that change something."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_server.defects.changes import after
from reference_server.defects.defect import Defect
from reference_server.edits import in_ack, on_items
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import PENDING, UPDATE_PENDING, Registration, digest


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _identities()
    yield from _signup_documents()
    yield from _refused()


def _identities() -> Iterator[Defect]:
    yield Defect(
        name="signup-id-every-second-repeated",
        requirement="SIGNUP-ID-UNIQUE",
        operation=SIGNUP,
        pointer="/registration/id",
        summary="every second signup is given the id of the one before",
        consequences=frozenset({"GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT"}),
        install=_shared_ids(concurrent=False),
    )
    yield Defect(
        name="signup-id-repeated-in-parallel",
        requirement="SIGNUP-ID-UNIQUE",
        operation=SIGNUP,
        pointer="/registration/id",
        summary="signups that are made at the same time are given the same id",
        consequences=frozenset({"GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT"}),
        install=_shared_ids(concurrent=True),
    )


def _shared_ids(*, concurrent: bool) -> Install:
    """Show some registrations under the id of another; token and id together still tell them apart."""

    def install(gateway: Gateway) -> None:
        aliases: dict[str, str] = {}
        real: defaultdict[str, list[str]] = defaultdict(list)
        signups: list[str] = []
        in_flight = 0

        async def sign_up(inner: Any, request: Request) -> Reply:
            nonlocal in_flight
            in_flight += 1
            if concurrent:
                await asyncio.sleep(0.03)
            try:
                reply: Reply = await inner(request)
            finally:
                in_flight -= 1
            return reply

        def new_id(inner: Any) -> str:
            identity: str = inner()
            signups.append(identity)
            if len(signups) > 1 and (in_flight > 1 if concurrent else len(signups) % 2 == 0):
                shared = aliases.get(signups[-2], signups[-2])
                aliases[identity] = shared
                real[shared].append(identity)
            return identity

        def render_registration(inner: Any, request: Request, registration: Registration) -> Json:
            return {**inner(request, registration), "id": aliases.get(registration.id, registration.id)}

        def find(inner: Any, request: Request) -> Registration | None:
            owner = gateway.store.owner(digest(request.token))
            if owner is not None and owner.id in real[request.id]:
                return owner
            found: Registration | None = inner(request)
            return found

        for step, around in (
            ("sign_up", sign_up),
            ("new_id", new_id),
            ("render_registration", render_registration),
            ("find", find),
        ):
            wrap(gateway, step, around)

    return install


def _signup_documents() -> Iterator[Defect]:
    yield Defect(
        name="update-drops-documents",
        requirement="SIGNUP-DOCUMENTS-KEPT",
        operation=UPDATE,
        pointer="/documents",
        summary="an update throws the documents away",
        install=after(UPDATE, lambda before, kept: replace(kept, documents=())),
    )
    yield Defect(
        name="get-shows-last-document-only",
        requirement="SIGNUP-DOCUMENTS-KEPT",
        operation=GET,
        pointer="/documents",
        summary="Provider/get shows the newest document only",
        install=in_ack(GET, "/documents", on_items(lambda items: items[-1:]), _unchanged),
    )
    yield Defect(
        name="get-shows-documents-of-another",
        requirement="SIGNUP-DOCUMENTS-KEPT",
        operation=GET,
        pointer="/documents",
        summary="Provider/get shows the documents of the newest registration",
        install=_documents_of_newest,
        consequences=frozenset({"GET-ROUND-TRIP", "DOCUMENTS-KEPT"}),
    )
    yield Defect(
        name="signup-second-document-not-kept",
        requirement="SIGNUP-DOCUMENTS-KEPT",
        operation=GET,
        pointer="/documents",
        summary="only the first document of a signup is stored",
        install=_first_document_only,
    )
    yield Defect(
        name="documents-add-replaces-signup-documents",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="the first addition replaces the documents of the signup",
        install=after(ADD, _without_signup_documents),
        consequences=frozenset({"SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"}),
    )


def _unchanged(request: Request, reply: Reply) -> bool:
    return bool(reply.body["registration"]["status"] == PENDING)


def _documents_of_newest(gateway: Gateway) -> None:
    newest: list[Registration] = []

    def register(inner: Any, *arguments: Any) -> Registration:
        newest[:] = [inner(*arguments)]
        return newest[0]

    def render_documents(inner: Any, request: Request, registration: Registration) -> Json:
        return inner(request, newest[0] if request.action == GET and newest else registration)

    wrap(gateway, "register", register)
    wrap(gateway, "render_documents", render_documents)


def _first_document_only(gateway: Gateway) -> None:
    async def sign_up(inner: Any, request: Request) -> Reply:
        reply: Reply = await inner(request)
        gateway.store.change(reply.body["registration"]["id"], lambda kept: replace(kept, documents=kept.documents[:1]))
        return reply

    wrap(gateway, "sign_up", sign_up)


def _without_signup_documents(before: Registration, kept: Registration) -> Registration:
    if before.status == UPDATE_PENDING:
        return kept
    return replace(kept, documents=kept.documents[len(before.documents) :])


def _refused() -> Iterator[Defect]:
    """Updates and additions that are refused, and change something."""
    for name, requirement, action, reason, change, pointer, summary in (
        (
            "update-refused-applies-sound-members",
            "UPDATE-NACK-UNCHANGED",
            UPDATE,
            "body",
            _apply_sound_info,
            "/info",
            "the sound members of a refused update are applied",
        ),
        (
            "update-refused-for-token-applied",
            "UPDATE-NACK-UNCHANGED",
            UPDATE,
            "foreign",
            _apply_sound_info,
            "/info",
            "an update with another's token is refused after it was applied",
        ),
        (
            "documents-add-refused-keeps-sound-documents",
            "DOCUMENTS-NACK-UNCHANGED",
            ADD,
            "body",
            _add_sound_documents,
            "/documents",
            "the sound documents of a refused addition are kept",
        ),
        (
            "documents-add-refused-for-token-kept",
            "DOCUMENTS-NACK-UNCHANGED",
            ADD,
            "foreign",
            _add_sound_documents,
            "/documents",
            "documents that came with another's token are refused and kept",
        ),
        (
            "update-refused-suspends",
            "UPDATE-NACK-STATUS-UNCHANGED",
            UPDATE,
            "body",
            _with_status("SUSPENDED"),
            "/registration/status",
            "a faulty update suspends the registration",
        ),
        (
            "update-refused-pending",
            "UPDATE-NACK-STATUS-UNCHANGED",
            UPDATE,
            "body",
            _with_status(UPDATE_PENDING),
            "/registration/status",
            "a refused update leaves the registration pending",
        ),
        (
            "documents-add-refused-suspends",
            "DOCUMENTS-NACK-STATUS-UNCHANGED",
            ADD,
            "body",
            _with_status("SUSPENDED"),
            "/registration/status",
            "a faulty addition suspends the registration",
        ),
        (
            "documents-add-refused-pending",
            "DOCUMENTS-NACK-STATUS-UNCHANGED",
            ADD,
            "body",
            _with_status(UPDATE_PENDING),
            "/registration/status",
            "a refused addition leaves the registration pending",
        ),
    ):
        yield Defect(name, requirement, GET, pointer, summary, _on_refusal(action, reason, change))


def _on_refusal(action: str, reason: str, change: Callable[[Gateway, Request, Registration], Registration]) -> Install:
    """Change a registration though a call about it is refused for one reason."""

    def install(gateway: Gateway) -> None:
        def refuse(inner: Any, request: Request, why: str, message: str, faults: Faults | None = None) -> Reply:
            registration = gateway.find(request)
            if request.action == action and why == reason and registration is not None:
                owner = gateway.store.owner(digest(request.token))
                # Whoever has no right to the registration changes it only where that is the bug.
                if reason == "foreign" or (owner is not None and owner.id == registration.id):
                    gateway.store.change(registration.id, lambda kept: change(gateway, request, kept))
            refusal: Reply = inner(request, why, message, faults)
            return refusal

        wrap(gateway, "refuse", refuse)

    return install


def _apply_sound_info(gateway: Gateway, request: Request, kept: Registration) -> Registration:
    info = request.body.get("info")
    shape = gateway.specification.requests[UPDATE].members["info"]
    if not isinstance(info, dict):
        return kept
    faulty = {place[1] for place in gateway.check_body(request) if place[0] == "info" and len(place) > 1}
    sound = {
        name: value
        for name, value in info.items()
        if name in shape.members and name not in faulty and value is not None
    }
    return replace(kept, info={**kept.info, **sound})


def _add_sound_documents(gateway: Gateway, request: Request, kept: Registration) -> Registration:
    documents = request.body.get("documents")
    if not isinstance(documents, list):
        return kept
    faulty = {place[1] for place in gateway.check_body(request) if place[0] == "documents" and len(place) > 1}
    sound = [document for index, document in enumerate(documents) if index not in faulty]
    body = {**request.body, "documents": sound}
    new = gateway.new_documents(replace(request, body=body))
    return replace(kept, documents=(*kept.documents, *new))


def _with_status(status: str) -> Callable[[Gateway, Request, Registration], Registration]:
    return lambda gateway, request, kept: replace(kept, status=status)
