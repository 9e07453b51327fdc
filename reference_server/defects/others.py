"""Defects of a registration that is changed, shown or opened by calls about others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Json, Reply, Request
from reference_server.planting import Family, replaces, steps
from reference_server.planting.defect import VERIFICATION
from reference_server.registration import Document, Registration

_MANY = 20

defects = Family()
_OTHERS = ("DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED")


@defects.plants("update-overwrites-info-of-another", "GET-ROUND-TRIP", GET, "/info", "UPDATE-ECHO", *_OTHERS)
def _(gateway: Gateway) -> None:
    """An update changes two registrations, once both have added documents."""
    added: list[str] = []

    def overwrite(gateway: Gateway, before: Registration, done: Registration) -> None:
        if done.id in added:
            for identity in [each for each in added if each != done.id][-1:]:
                gateway.store.change(identity, lambda kept: replace(kept, info=done.info))

    steps.following(ADD, lambda gateway, before, done: added.append(done.id))(gateway)
    steps.following(UPDATE, overwrite)(gateway)


@defects.plants(
    *("update-unverifies-documents-of-another", "UPDATE-DOCUMENT-STATUS-KEPT", GET, "/documents/*/status"),
    "DOCUMENTS-OLD-STATUS-KEPT",
    configuration=VERIFICATION,
)
def _(gateway: Gateway) -> None:
    """An update puts the documents of the registration before it back to pending."""
    verified: list[str] = []

    @replaces(gateway)
    def judge(inner: Callable[..., Registration], identity: str, *arguments: Any) -> Registration:
        verified.append(identity)
        return inner(identity, *arguments)

    def unverify(gateway: Gateway, before: Registration, done: Registration) -> None:
        for identity in {each for each in verified if each != done.id}:
            gateway.store.change(identity, lambda kept: steps.unverified(kept, kept))

    steps.following(UPDATE, unverify)(gateway)


@defects.plants("get-every-twentieth-shows-another", "GET-ROUND-TRIP", GET, "/info", *_OTHERS)
def _(gateway: Gateway) -> None:
    """Every 20th Provider/get shows the info of the registration that was asked for before."""
    count = 0
    asked: list[Registration] = []

    async def mixed(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        nonlocal count
        count += 1
        others = [each for each in asked if each.id != registration.id]
        asked[:] = [*others[-1:], registration]
        return replace(registration, info=others[-1].info) if count % _MANY == 0 and others else registration

    steps.performing(GET, mixed)(gateway)


@defects.plants("get-shows-document-of-another-after-additions", "GET-ROUND-TRIP", GET, "/documents")
def _(gateway: Gateway) -> None:
    """After its second addition a registration shows a document of another one as well."""
    past = steps.recorded(gateway)
    added: dict[str, tuple[Document, ...]] = {}

    @replaces(gateway)
    async def perform(inner: steps.Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == ADD:
            added[registration.id] = done.documents[-1:]
        others = [documents for identity, documents in added.items() if identity != registration.id]
        if request.action == GET and past[registration.id].count(ADD) >= 2 and others:
            return replace(done, documents=(*done.documents, *others[-1]))
        return done


@defects.plants("get-token-foreign-accepted-after-update", "TOKEN-NACK-FOREIGN", GET, "header:Token")
def _(gateway: Gateway) -> None:
    """A registration that was updated and read is open to every token."""
    past = steps.recorded(gateway)

    def is_open(request: Request, registration: Registration | None, refusal: Reply) -> bool:
        calls = past[request.id]
        return refusal.reason == "foreign" and UPDATE in calls and GET in calls[calls.index(UPDATE) :]

    steps.admitting(GET, is_open)(gateway)


@defects.plants(
    "get-shows-documents-of-another", "SIGNUP-DOCUMENTS-KEPT", GET, "/documents", "GET-ROUND-TRIP", "DOCUMENTS-KEPT"
)
def _(gateway: Gateway) -> None:
    """Provider/get shows the documents of the newest registration."""
    made = steps.at_signup(gateway, lambda registration: registration)

    @replaces(gateway)
    def render_documents(inner: steps.Rendering, request: Request, registration: Registration) -> Json:
        return inner(request, next(reversed(made.values())) if request.action == GET and made else registration)


@defects.plants("signup-overwrites-same-company", "GET-ROUND-TRIP", GET, "/info", "GET-ROUND-TRIP-EXACT")
def _(gateway: Gateway) -> None:
    """A second signup of a company changes the info of its first registration."""
    first: dict[Json, str] = {}

    @replaces(gateway)
    async def sign_up(inner: steps.Replying, request: Request) -> Reply:
        reply = await inner(request)
        info = request.body["info"]
        identity = first.setdefault(info["company_id"], reply.body["registration"]["id"])
        gateway.store.change(identity, lambda kept: replace(kept, info=info))
        return reply


def _likes(gateway: Gateway, member: str, registration: Registration) -> list[str]:
    """Ids of the other registrations that have the same value there."""
    others = (gateway.store.find(identity) for identity in gateway.store.ids())
    same = [one for one in others if one is not None and one.info.get(member) == registration.info.get(member)]
    return [one.id for one in same if one.id != registration.id]


@defects.plants("update-changes-all-of-one-phone", "GET-ROUND-TRIP", GET, "/info", by=partial(steps.following, UPDATE))
def _(gateway: Gateway, before: Registration, done: Registration) -> None:
    """An update changes every registration that has the same phone."""
    for identity in _likes(gateway, "phone", before):
        gateway.store.change(identity, lambda kept: replace(kept, info=done.info))


@defects.plants(
    "documents-add-for-all-of-one-name", "GET-ROUND-TRIP", GET, "/documents/*", by=partial(steps.following, ADD)
)
def _(gateway: Gateway, before: Registration, done: Registration) -> None:
    """An addition is made to every registration of the same name."""
    for identity in _likes(gateway, "name", done):
        gateway.store.change(identity, lambda kept: replace(kept, documents=(*kept.documents, done.documents[-1])))


@defects.plants("documents-of-one-name-share-a-file", "GET-ROUND-TRIP", GET, "/documents/*/data")
def _(gateway: Gateway) -> None:
    """Documents are filed under their name alone, those of all registrations in one folder."""
    files: dict[Json, Json] = {}

    def filed(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
        known = gateway.find(request)
        mine = {document.members["name"] for document in known.documents} if known is not None else set()
        files.update((one.members["name"], one.members["data"]) for one in documents if one.members["name"] not in mine)
        return documents

    def rendered(items: list[dict[str, Json]], *_: object) -> list[dict[str, Json]]:
        names = [item["name"] for item in items]
        return [{**item, "data": files[item["name"]]} if names.count(item["name"]) == 1 else item for item in items]

    steps.both(steps.giving("new_documents", filed), steps.giving("render_documents", rendered))(gateway)
