"""Defects in what becomes of added documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reference_server.defects.changes import VERIFICATION, after, shown_as, unverified
from reference_server.defects.defect import Defect
from reference_server.edits import in_reply
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import UPDATE_PENDING, VERIFIED, Document, Registration

Items = list[dict[str, Any]]
"""Documents as a reply shows them."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _statuses()
    yield from _values()
    yield from _lost()
    yield from _rest()
    yield Defect(
        name="documents-document-id-fresh",
        requirement="DOCUMENTS-DOCUMENT-ID-STABLE",
        operation=ADD,
        pointer="/documents/*/id",
        summary="documents are given new ids in every reply",
        install=_fresh_ids,
    )


def _fresh_ids(gateway: Gateway) -> None:
    def render_document(inner: Any, request: Request, document: Document) -> Json:
        return inner(request, replace(document, id=gateway.new_document_id()))

    wrap(gateway, "render_document", render_document)


def _added(request: Request) -> int:
    """Count the documents that a request adds."""
    return len(request.body.get("documents") or ())


def _of_new(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Install:
    """Change the documents just added, in the reply that lists them."""

    def edit(request: Request, reply: Reply) -> Reply:
        items: Items = reply.body["documents"]
        old = len(items) - _added(request)
        documents = [*items[:old], *map(change, items[old:])]
        return replace(reply, body={**reply.body, "documents": documents})

    return in_reply("ACK", ADD, edit)


def _of_old(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Install:
    """Change the earlier documents, in the reply to an addition."""

    def edit(request: Request, reply: Reply) -> Reply:
        items: Items = reply.body["documents"]
        old = len(items) - _added(request)
        documents = [*map(change, items[:old]), *items[old:]]
        return replace(reply, body={**reply.body, "documents": documents})

    return in_reply("ACK", ADD, edit)


def _statuses() -> Iterator[Defect]:
    for name, value in (
        ("verified", VERIFIED),
        ("pending", "PENDING"),
        ("lower-case", "pending-verification"),
    ):
        yield Defect(
            name=f"documents-new-status-{name}",
            requirement="DOCUMENTS-NEW-STATUS",
            operation=ADD,
            pointer="/documents/*/status",
            summary=f"a document just added has the status {value}",
            install=_of_new(_with_status(value)),
        )
    for name, status in (("old", "OLD"), ("null", None), ("true", True)):
        yield Defect(
            name=f"documents-old-status-{name}",
            requirement="DOCUMENTS-OLD-STATUS",
            operation=ADD,
            pointer="/documents/*/status",
            summary=f"an earlier document has the status {status!r} in an addition's reply",
            install=_of_old(_with_status(status)),
        )
    for name, hit, words in (
        ("all", lambda index: True, "every earlier document waits"),
        ("first", lambda index: index == 0, "the first document waits"),
    ):
        yield Defect(
            name=f"documents-add-unverifies-{name}",
            requirement="DOCUMENTS-OLD-STATUS-KEPT",
            operation=ADD,
            pointer="/documents/*/status",
            summary=f"after an addition {words} for verification again",
            install=after(ADD, unverified(hit)),
            configuration=VERIFICATION,
        )

    def install(gateway: Gateway) -> None:
        after(ADD, lambda before, kept: replace(kept, status=before.status))(gateway)
        shown_as(ADD, UPDATE_PENDING)(gateway)

    yield Defect(
        name="get-status-of-before-addition",
        requirement="DOCUMENTS-STATUS-SEEN",
        operation=GET,
        pointer="/registration/status",
        summary="UPDATE-PENDING is said in the reply to an addition only",
        install=install,
    )


def _with_status(status: Json) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {**item, "status": status}


def _values() -> Iterator[Defect]:
    rows: tuple[tuple[str, str, str, Callable[[str], str], str], ...] = (
        ("data-cut", "DOCUMENTS-ECHO", "data", lambda data: data[:32], "is cut after 32 characters"),
        ("data-described", "DOCUMENTS-ECHO", "data", lambda data: f"{len(data)} characters", "is its length"),
        ("data-reversed-case", "DOCUMENTS-ECHO", "data", str.swapcase, "has its letters in the other case"),
        ("name-upper-case", "DOCUMENTS-ECHO-EXACT", "name", str.upper, "is in capitals"),
        ("name-padded", "DOCUMENTS-ECHO-EXACT", "name", " {}".format, "is padded"),
        ("data-newline", "DOCUMENTS-ECHO-EXACT", "data", "{}\n".format, "ends with a line feed"),
    )
    for name, requirement, member, change, words in rows:
        yield Defect(
            name=f"documents-added-{name}",
            requirement=requirement,
            operation=ADD,
            pointer=f"/documents/*/{member}",
            summary=f"the {member} of a document just added {words} in the reply",
            install=_of_new(_changed(member, change)),
        )


def _changed(member: str, change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {**item, member: change(item[member])}


def _lost() -> Iterator[Defect]:
    """Documents that were acknowledged, and are gone."""
    for name, requirement, action, select, summary, consequences in (
        (
            "documents-add-reply-without-last",
            "DOCUMENTS-LISTED",
            ADD,
            lambda items, signup: [*items[:signup], *items[signup:-1]],
            "an addition's reply lists all documents but the newest",
            frozenset[str](),
        ),
        (
            "documents-add-reply-newest-only",
            "DOCUMENTS-LISTED",
            ADD,
            lambda items, signup: [*items[:signup], *items[-1:]] if len(items) > signup else items,
            "of all added documents an addition's reply lists the newest only",
            frozenset[str](),
        ),
        (
            "documents-add-reply-first-addition-missing",
            "DOCUMENTS-LISTED",
            ADD,
            lambda items, signup: [*items[:signup], *items[signup + 1 :]] if len(items) > signup + 1 else items,
            "an addition's reply forgets the document that was added first",
            frozenset[str](),
        ),
        (
            "get-hides-added-documents",
            "DOCUMENTS-KEPT",
            GET,
            lambda items, signup: items[:signup],
            "Provider/get shows the documents of the signup only",
            frozenset[str](),
        ),
        (
            "get-hides-newest-document",
            "DOCUMENTS-KEPT",
            GET,
            lambda items, signup: items[: max(signup, len(items) - 1)],
            "Provider/get shows an added document only after the next one",
            frozenset[str](),
        ),
    ):
        yield Defect(name, requirement, action, "/documents", summary, _selecting(action, select), consequences)
    yield Defect(
        name="documents-add-second-of-two-lost",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="of several documents added in one call only the first is kept",
        install=after(ADD, lambda before, kept: replace(kept, documents=kept.documents[: len(before.documents) + 1])),
        consequences=frozenset({"DOCUMENTS-KEPT"}),
    )
    yield Defect(
        name="documents-add-second-addition-replaces-first",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="an addition replaces the documents of the addition before it",
        install=_replacing_additions,
        consequences=frozenset({"DOCUMENTS-KEPT"}),
    )
    yield Defect(
        name="documents-add-not-atomic",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="of parallel additions the last one wins",
        install=_last_wins,
        consequences=frozenset({"DOCUMENTS-KEPT", "UPDATE-VISIBLE", "UPDATE-STAYS"}),
    )
    yield Defect(
        name="documents-add-same-name-replaces",
        requirement="DOCUMENTS-SAME-NAME",
        operation=ADD,
        pointer="/documents",
        summary="a document replaces an earlier one of the same name",
        install=after(ADD, _replacing_same_name),
    )
    yield Defect(
        name="documents-add-same-name-overwrites",
        requirement="DOCUMENTS-SAME-NAME",
        operation=ADD,
        pointer="/documents",
        summary="the data of a document goes over that of an earlier one of the same name",
        install=after(ADD, _overwriting_same_name),
    )


def _counting_signups(gateway: Gateway) -> dict[str, int]:
    """Remember how many documents each signup had."""
    counts: dict[str, int] = {}

    def register(inner: Any, *arguments: Any) -> Registration:
        registration: Registration = inner(*arguments)
        counts[registration.id] = len(registration.documents)
        return registration

    wrap(gateway, "register", register)
    return counts


def _selecting(action: str, select: Callable[[Items, int], Items]) -> Install:
    """Show some of the documents, given how many of them came with the signup."""

    def install(gateway: Gateway) -> None:
        counts = _counting_signups(gateway)

        def render_documents(inner: Any, request: Request, registration: Registration) -> Json:
            items = inner(request, registration)
            return select(items, counts.get(registration.id, 0)) if request.action == action else items

        wrap(gateway, "render_documents", render_documents)

    return install


def _replacing_additions(gateway: Gateway) -> None:
    counts = _counting_signups(gateway)

    def add(inner: Any, request: Request, registration: Registration) -> Registration:
        signup = registration.documents[: counts.get(registration.id, 0)]
        kept: Registration = inner(request, replace(registration, documents=signup))
        return kept

    wrap(gateway, "add", add)


def _last_wins(gateway: Gateway) -> None:
    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action != ADD:
            done: Registration = await inner(request, registration)
            return done
        changed = gateway.add(request, registration)
        await asyncio.sleep(0.03)
        return gateway.store.change(registration.id, lambda kept: changed)

    wrap(gateway, "perform", perform)


def _split(before: Registration, kept: Registration) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    count = len(before.documents)
    return kept.documents[:count], kept.documents[count:]


def _replacing_same_name(before: Registration, kept: Registration) -> Registration:
    old, new = _split(before, kept)
    names = {document.members.get("name") for document in new}
    return replace(kept, documents=(*(d for d in old if d.members.get("name") not in names), *new))


def _overwriting_same_name(before: Registration, kept: Registration) -> Registration:
    old, new = _split(before, kept)
    latest = {document.members.get("name"): document for document in new}
    updated = tuple(
        replace(document, members=latest.pop(name).members, status=document.status)
        if (name := document.members.get("name")) in latest
        else document
        for document in old
    )
    rest = (document for document in new if document in latest.values())
    return replace(kept, documents=(*updated, *rest))


def _rest() -> Iterator[Defect]:
    """Additions that touch what they should not."""
    yield Defect(
        name="documents-add-resets-endpoint-url",
        requirement="DOCUMENTS-KEEPS-REST",
        operation=ADD,
        pointer="/api/endpoint_url",
        summary="an addition sets the URL of the API to a default",
        install=after(ADD, lambda before, kept: replace(kept, api={"endpoint_url": "https://unset.example.com/api"})),
        consequences=frozenset({"GET-ROUND-TRIP"}),
    )
