"""Defects in what is kept of signups, and in refused calls that change something."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Json, Reply, Request
from reference_server.planting import Defect, Family, Install, defect, installing, replaces
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import on_items
from reference_server.planting.steps import (
    Finding,
    Rendering,
    Replying,
    after,
    fresh,
    giving,
    in_ack,
    on_refusal,
    unverified,
)
from reference_server.registration import UPDATE_PENDING, Document, Registration, digest

_FAMILY = Family()
_SHARED = ("GET-ROUND-TRIP", "SIGNUP-DOCUMENTS-KEPT")


def defects() -> Iterator[Defect]:
    for name, concurrent, words in (
        ("signup-id-every-second-repeated", False, "every second signup is given the id of the one before"),
        ("signup-id-repeated-in-parallel", True, "signups that are made at the same time are given the same id"),
    ):
        install = _shared_ids(concurrent=concurrent)
        yield defect(name, "SIGNUP-ID-UNIQUE", SIGNUP, "/registration/id", words, install, *_SHARED)
    for name, requirement, select, words in (
        ("last-document-only", "SIGNUP-DOCUMENTS-KEPT", lambda items: items[-1:], "the newest document only"),
        ("first-document-twice", "GET-ROUND-TRIP", lambda items: [*items[:1], *items], "the first document twice"),
    ):
        install = in_ack(GET, "/documents", on_items(select), fresh)
        yield defect(f"get-shows-{name}", requirement, GET, "/documents", f"Provider/get shows {words}", install)
    for name, step, section, requirement, action in (
        ("update-claimed-status-taken", "update", "registration", "UPDATE-STATUS", UPDATE),
        ("update-claimed-status-of-info-taken", "update", "info", "UPDATE-STATUS", UPDATE),
        ("documents-add-claimed-registration-status-taken", "add", "registration", "DOCUMENTS-STATUS", ADD),
    ):
        words = f"{action} gives the registration the status that the provider claims in {section}"
        install = giving(step, partial(_claimed, section))
        yield defect(name, requirement, action, "/registration/status", words, install)
    yield from _FAMILY()
    yield from _refused()


@installing
def _shared_ids(gateway: Gateway, *, concurrent: bool) -> None:
    """Show some registrations under the id of another; token and id together still tell them apart."""
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


@_FAMILY.plants("update-drops-documents", "SIGNUP-DOCUMENTS-KEPT", UPDATE, "/documents", by=partial(after, UPDATE))
def _(before: Registration, kept: Registration) -> Registration:
    """An update throws the documents away."""
    return replace(kept, documents=())


@_FAMILY.plants(
    *("documents-add-replaces-signup-documents", "DOCUMENTS-LISTED", ADD, "/documents"),
    *("SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"),
    by=partial(after, ADD),
)
def _(before: Registration, kept: Registration) -> Registration:
    """The first addition replaces the documents of the signup."""
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


NEW_DOCUMENTS = partial(giving, "new_documents")


@_FAMILY.plants("signup-over-50-kb-loses-document", "SIGNUP-ECHO", SIGNUP, "/documents", by=NEW_DOCUMENTS)
def _(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
    """The last document of a signup of more than 50 KB is lost."""
    whole = len(documents) < 2 or sum(len(str(one.members)) for one in documents) <= 50 * 1024
    return documents if whole else documents[:-1]


@_FAMILY.plants(
    "signup-claimed-status-taken", "SIGNUP-DOCUMENT-STATUS", SIGNUP, "/documents/*/status", by=NEW_DOCUMENTS
)
def _taking_claims(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
    """A document has the status that the provider claims for it."""
    both = zip(documents, request.body["documents"], strict=True)
    return tuple(replace(one, status=item.get("status", one.status)) for one, item in both)


@_FAMILY.plants(
    *("documents-add-claimed-status-taken", "DOCUMENTS-NEW-STATUS", ADD, "/documents/*/status"),
    by=partial(giving, "add"),
)
def _(kept: Registration, request: Request, before: Registration) -> Registration:
    """An added document has the status that the provider claims for it."""
    new = _taking_claims(kept.documents[len(before.documents) :], request)
    return replace(kept, documents=(*before.documents, *new))


def _claimed(section: str, kept: Registration, request: Request, before: Registration) -> Registration:
    return replace(kept, status=request.body[section].get("status", kept.status))


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


def _refused_as(action: str, status: str) -> Install:
    return on_refusal(action, lambda gateway, request, kept: replace(kept, status=status))


def _refused() -> Iterator[Defect]:
    for action, name, prefix, part, change, words in (
        (UPDATE, "update-refused", "UPDATE", "/info", _apply_sound_info, "the sound members are applied"),
        (ADD, "documents-add-refused", "DOCUMENTS", "/documents", _add_sound_documents, "the sound documents are kept"),
    ):
        for ending, reason, says in (
            ("applied-in-part", "body", f"{words} though it is refused"),
            ("for-token-applied", "foreign", f"{words} though another's token came with it"),
        ):
            install = on_refusal(action, change, reason)
            yield defect(f"{name}-{ending}", f"{prefix}-NACK-UNCHANGED", GET, part, f"of {action} {says}", install)
        requirement = f"{prefix}-{'DOCUMENT' if action == UPDATE else 'OLD'}-STATUS-KEPT"
        says = f"a refused {action} makes verified documents wait again"
        install = on_refusal(action, lambda gateway, request, kept: unverified(kept, kept), "body")
        shown, place = GET if action == UPDATE else action, "/documents/*/status"
        yield defect(f"{name}-unverifies", requirement, shown, place, says, install, configuration=VERIFICATION)
        for ending, status in (("suspends", "SUSPENDED"), ("pending", UPDATE_PENDING)):
            says, install = f"{action} gives the status {status}, though it is refused", _refused_as(action, status)
            requirement = f"{prefix}-NACK-STATUS-UNCHANGED"
            yield defect(f"{name}-{ending}", requirement, GET, "/registration/status", says, install)
