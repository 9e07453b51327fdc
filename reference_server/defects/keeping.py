"""Defects in what is kept of signups, and in refused calls that change something."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Defect, Family, Install, defect, replaces
from reference_server.planting.edits import on_items
from reference_server.planting.steps import (
    Changing,
    Finding,
    Refusing,
    Rendering,
    Replying,
    after,
    fresh,
    in_ack,
    owned,
)
from reference_server.registration import UPDATE_PENDING, Document, Registration, digest

_FAMILY = Family()
_SHARED = ("GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT")


def defects() -> Iterator[Defect]:
    """Yield the defects of this family."""
    for name, concurrent, words in (
        ("signup-id-every-second-repeated", False, "every second signup is given the id of the one before"),
        ("signup-id-repeated-in-parallel", True, "signups that are made at the same time are given the same id"),
    ):
        install = _shared_ids(concurrent=concurrent)
        yield defect(name, "SIGNUP-ID-UNIQUE", SIGNUP, "/registration/id", words, install, *_SHARED)
    yield defect(
        "update-drops-documents",
        "SIGNUP-DOCUMENTS-KEPT",
        UPDATE,
        "/documents",
        "an update throws the documents away",
        after(UPDATE, lambda before, kept: replace(kept, documents=())),
    )
    yield defect(
        "get-shows-last-document-only",
        "SIGNUP-DOCUMENTS-KEPT",
        GET,
        "/documents",
        "Provider/get shows the newest document only",
        in_ack(GET, "/documents", on_items(lambda items: items[-1:]), fresh),
    )
    yield defect(
        "get-shows-first-document-twice",
        "GET-ROUND-TRIP",
        GET,
        "/documents",
        "Provider/get shows the first document twice",
        in_ack(GET, "/documents", on_items(lambda items: [*items[:1], *items]), fresh),
    )
    yield defect(
        "documents-add-replaces-signup-documents",
        "DOCUMENTS-LISTED",
        ADD,
        "/documents",
        "the first addition replaces the documents of the signup",
        after(ADD, _without_signup_documents),
        *("SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"),
    )
    yield from _FAMILY.defects
    yield from _refused()


def _shared_ids(*, concurrent: bool) -> Install:
    """Show some registrations under the id of another; token and id together still tell them apart."""

    def install(gateway: Gateway) -> None:
        aliases: dict[str, str] = {}
        real: defaultdict[str, list[str]] = defaultdict(list)
        signups: list[str] = []
        in_flight = 0

        @replaces(gateway)
        async def sign_up(inner: Replying, request: Request) -> Reply:
            nonlocal in_flight
            in_flight += 1
            if concurrent:
                await asyncio.sleep(0.03)
            try:
                return await inner(request)
            finally:
                in_flight -= 1

        @replaces(gateway)
        def new_id(inner: Callable[[], str]) -> str:
            identity = inner()
            signups.append(identity)
            if len(signups) > 1 and (in_flight > 1 if concurrent else len(signups) % 2 == 0):
                shared = aliases.get(signups[-2], signups[-2])
                aliases[identity] = shared
                real[shared].append(identity)
            return identity

        @replaces(gateway)
        def render_registration(inner: Rendering, request: Request, registration: Registration) -> Json:
            return {**inner(request, registration), "id": aliases.get(registration.id, registration.id)}

        @replaces(gateway)
        def find(inner: Finding, request: Request) -> Registration | None:
            owner = gateway.store.owner(digest(request.token))
            if owner is not None and owner.id in real[request.id]:
                return owner
            return inner(request)

    return install


def _without_signup_documents(before: Registration, kept: Registration) -> Registration:
    if before.status == UPDATE_PENDING:
        return kept
    return replace(kept, documents=kept.documents[len(before.documents) :])


@_FAMILY.plants("signup-second-document-not-kept", "SIGNUP-DOCUMENTS-KEPT", GET, "/documents")
def _(gateway: Gateway) -> None:
    """Only the first document of a signup is stored."""

    @replaces(gateway)
    async def sign_up(inner: Replying, request: Request) -> Reply:
        reply = await inner(request)
        gateway.store.change(reply.body["registration"]["id"], lambda kept: replace(kept, documents=kept.documents[:1]))
        return reply


@_FAMILY.plants("signup-over-50-kb-loses-document", "SIGNUP-ECHO", SIGNUP, "/documents")
def _(gateway: Gateway) -> None:
    """The last document of a signup of more than 50 KB is lost."""

    @replaces(gateway)
    def new_documents(inner: Callable[[Request], tuple[Document, ...]], request: Request) -> tuple[Document, ...]:
        documents = inner(request)
        whole = len(documents) < 2 or sum(len(str(one.members)) for one in documents) <= 50 * 1024
        return documents if whole else documents[:-1]


@_FAMILY.plants("signup-claimed-status-taken", "SIGNUP-DOCUMENT-STATUS", SIGNUP, "/documents/*/status")
def _(gateway: Gateway) -> None:
    """A document has the status that the provider claims for it."""

    @replaces(gateway)
    def new_documents(inner: Callable[[Request], tuple[Document, ...]], request: Request) -> tuple[Document, ...]:
        both = zip(inner(request), request.body["documents"], strict=True)
        return tuple(replace(one, status=item.get("status", one.status)) for one, item in both)


@_FAMILY.plants("documents-add-claimed-status-taken", "DOCUMENTS-NEW-STATUS", ADD, "/documents/*/status")
def _(gateway: Gateway) -> None:
    """An added document has the status that the provider claims for it."""

    @replaces(gateway)
    def add(inner: Changing, request: Request, registration: Registration) -> Registration:
        kept = inner(request, registration)
        new = kept.documents[len(registration.documents) :]
        claimed = [item.get("status", one.status) for one, item in zip(new, request.body["documents"], strict=True)]
        taken = (replace(one, status=status) for one, status in zip(new, claimed, strict=True))
        return replace(kept, documents=(*registration.documents, *taken))


def _claimed(request: Request, kept: Registration) -> Registration:
    return replace(kept, status=request.body["registration"].get("status", kept.status))


@_FAMILY.plants("update-claimed-status-taken", "UPDATE-STATUS", UPDATE, "/registration/status")
def _(gateway: Gateway) -> None:
    """An update gives the registration the status that the provider claims for it."""

    @replaces(gateway)
    def update(inner: Changing, request: Request, registration: Registration) -> Registration:
        return _claimed(request, inner(request, registration))


@_FAMILY.plants("documents-add-claimed-registration-status-taken", "DOCUMENTS-STATUS", ADD, "/registration/status")
def _(gateway: Gateway) -> None:
    """An addition gives the registration the status that the provider claims for it."""

    @replaces(gateway)
    def add(inner: Changing, request: Request, registration: Registration) -> Registration:
        return _claimed(request, inner(request, registration))


# Updates and additions that are refused, and change something.


def _apply_sound_info(gateway: Gateway, request: Request, kept: Registration) -> Registration:
    return replace(kept, info={**kept.info, **sound_info(gateway, request)})


def sound_info(gateway: Gateway, request: Request) -> dict[str, Json]:
    """Return the members of info in a request that have no fault."""
    info = request.body.get("info")
    if not isinstance(info, dict):
        return {}
    members = gateway.specification.requests[UPDATE].members["info"].members
    faulty = {place[1] for place in gateway.check_body(request) if place[0] == "info" and len(place) > 1}
    return {name: info[name] for name in members if info.get(name) is not None and name not in faulty}


def _add_sound_documents(gateway: Gateway, request: Request, kept: Registration) -> Registration:
    documents = request.body.get("documents")
    if not isinstance(documents, list):
        return kept
    faulty = {place[1] for place in gateway.check_body(request) if place[0] == "documents" and len(place) > 1}
    sound = [document for index, document in enumerate(documents) if index not in faulty]
    new = gateway.new_documents(replace(request, body={**request.body, "documents": sound}))
    return replace(kept, documents=(*kept.documents, *new))


def _with_status(status: str) -> Callable[[Gateway, Request, Registration], Registration]:
    return lambda gateway, request, kept: replace(kept, status=status)


def _refused() -> Iterator[Defect]:
    for action, name, prefix, part, change, words in (
        (UPDATE, "update-refused", "UPDATE", "/info", _apply_sound_info, "the sound members of an update are applied"),
        (
            ADD,
            "documents-add-refused",
            "DOCUMENTS",
            "/documents",
            _add_sound_documents,
            "the sound documents of an addition are kept",
        ),
    ):
        for ending, reason, requirement, pointer, kept, says in (
            ("applied-in-part", "body", "UNCHANGED", part, change, f"{words} though it is refused"),
            ("for-token-applied", "foreign", "UNCHANGED", part, change, f"{words} though another's token came with it"),
            (
                "suspends",
                "body",
                "STATUS-UNCHANGED",
                "/registration/status",
                _with_status("SUSPENDED"),
                f"a refused {action} suspends the registration",
            ),
            (
                "pending",
                "body",
                "STATUS-UNCHANGED",
                "/registration/status",
                _with_status(UPDATE_PENDING),
                f"a refused {action} leaves the registration pending",
            ),
        ):
            install = _on_refusal(action, reason, kept)
            yield defect(f"{name}-{ending}", f"{prefix}-NACK-{requirement}", GET, pointer, says, install)


def _on_refusal(action: str, reason: str, change: Callable[[Gateway, Request, Registration], Registration]) -> Install:
    """Change a registration though a call about it is refused for one reason."""

    def install(gateway: Gateway) -> None:
        @replaces(gateway)
        def refuse(inner: Refusing, request: Request, why: str, message: str, faults: Faults | None = None) -> Reply:
            registration = gateway.find(request)
            # Whoever has no right to the registration changes it only where that is the bug.
            may = reason == "foreign" or owned(gateway, request)
            if request.action == action and why == reason and registration is not None and may:
                gateway.store.change(registration.id, lambda kept: change(gateway, request, kept))
            return inner(request, why, message, faults)

    return install
