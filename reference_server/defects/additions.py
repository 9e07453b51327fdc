"""Defects in what becomes of added documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from reference_server.defects.derived.values import of_new
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, Json, Reply, Request
from reference_server.planting import Defect, Family, Install, defect, installing, replaces, steps
from reference_server.planting.edits import Change, member, to
from reference_server.registration import VERIFIED, Document, Registration

_FAMILY = Family()

Items = list[dict[str, Any]]
"""Documents as a reply shows them."""

# Documents of a reply, given the number that came with the signup.


def _without_last(items: Items, signup: int) -> Items:
    return [*items[:signup], *items[signup:-1]]


def _newest_only(items: Items, signup: int) -> Items:
    return [*items[:signup], *items[-1:]] if len(items) > signup else items


def _without_first(items: Items, signup: int) -> Items:
    return [*items[:signup], *items[signup + 1 :]] if len(items) > signup + 1 else items


def _signup_only(items: Items, signup: int) -> Items:
    return items[:signup]


def _all_but_newest(items: Items, signup: int) -> Items:
    return items[: max(signup, len(items) - 1)]


# Documents that are kept, given the registration before and after an addition.


def _split(before: Registration, kept: Registration) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    count = len(before.documents)
    return kept.documents[:count], kept.documents[count:]


def _first_of_new(before: Registration, kept: Registration) -> Registration:
    return replace(kept, documents=kept.documents[: len(before.documents) + 1])


def _replacing_same_name(before: Registration, kept: Registration) -> Registration:
    old, new = _split(before, kept)
    names = {document.members.get("name") for document in new}
    return replace(kept, documents=(*(d for d in old if d.members.get("name") not in names), *new))


def _last_of_each_name(before: Registration, kept: Registration) -> Registration:
    old, new = _split(before, kept)
    return replace(kept, documents=(*old, *{document.members.get("name"): document for document in new}.values()))


def _first_of_each_content(before: Registration, kept: Registration) -> Registration:
    first: dict[Json, Document] = {}
    for document in kept.documents:
        first.setdefault(document.members.get("data"), document)
    return replace(kept, documents=tuple(first.values()))


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


_LISTS: tuple[tuple[str, str, str, Callable[[Items, int], Items], str], ...] = (
    ("documents-add-reply-without-last", "LISTED", ADD, _without_last, "all documents but the newest"),
    ("documents-add-reply-newest-only", "LISTED", ADD, _newest_only, "of all added documents the newest only"),
    ("documents-add-reply-first-addition-missing", "LISTED", ADD, _without_first, "all but the document added first"),
    ("get-hides-added-documents", "KEPT", GET, _signup_only, "the documents of the signup only"),
    ("get-hides-newest-document", "KEPT", GET, _all_but_newest, "an added document only after the next one"),
)
"""Name, requirement, operation, documents that its reply lists, and the words for them."""

_VALUES: tuple[tuple[str, str, str, Change, str], ...] = (
    ("data-cut", "ECHO", "data", lambda data: data[:32], "is cut after 32 characters"),
    ("data-described", "ECHO", "data", lambda data: f"{len(data)} characters", "is its length"),
    ("data-reversed-case", "ECHO", "data", str.swapcase, "has its letters in the other case"),
    ("name-upper-case", "ECHO-EXACT", "name", str.upper, "is in capitals"),
    ("name-padded", "ECHO-EXACT", "name", " {}".format, "is padded"),
    ("data-plus-lost", "ECHO", "data", lambda data: data.replace("+", " "), "has spaces in the place of plus signs"),
    ("data-newline", "ECHO-EXACT", "data", "{}\n".format, "ends with a line feed"),
)
_KEPT: tuple[tuple[str, str, steps.Kept, str], ...] = (
    ("second-of-two-lost", "LISTED", _first_of_new, "of several documents in one call only the first is kept"),
    ("same-name-replaces", "SAME-NAME", _replacing_same_name, "a document replaces an earlier one of the same name"),
    ("same-name-in-one-call-replaces", "SAME-NAME", _last_of_each_name, "of two of one name the last is kept"),
    ("same-content-merged", "SAME-NAME", _first_of_each_content, "a file that is there under another name is left out"),
    ("same-name-overwrites", "SAME-NAME", _overwriting_same_name, "a document overwrites the data of an earlier one"),
)


def defects() -> Iterator[Defect]:
    for name, value in (("verified", VERIFIED), ("pending", "PENDING"), ("lower-case", "pending-verification")):
        words = f"a document just added has the status {value}"
        install = of_new(member("status", to(value)))
        yield _of_status(f"documents-new-status-{name}", "DOCUMENTS-NEW-STATUS", words, install)
    for name, status in (("old", "OLD"), ("null", None), ("true", True)):
        words = f"an earlier document has the status {status!r} in an addition's reply"
        install = _of_old(member("status", to(status)))
        yield _of_status(f"documents-old-status-{name}", "DOCUMENTS-OLD-STATUS", words, install)
    for name, requirement, part, change, words in _VALUES:
        name, requirement, install = f"documents-added-{name}", f"DOCUMENTS-{requirement}", of_new(member(part, change))
        words = f"the {part} of a document just added {words} in the reply"
        yield defect(name, requirement, ADD, f"/documents/*/{part}", words, install)
    for name, requirement, action, select, words in _LISTS:
        install, words = _selecting(action, select), f"the reply to {action} lists {words}"
        yield defect(name, f"DOCUMENTS-{requirement}", action, "/documents", words, install)
    for name, requirement, kept, words in _KEPT:
        also = "DOCUMENTS-KEPT" if requirement == "LISTED" else ""
        name, requirement = f"documents-add-{name}", f"DOCUMENTS-{requirement}"
        yield defect(name, requirement, ADD, "/documents", words, steps.after(ADD, kept), also)
    for part in ("name", "data"):
        words = f"of the documents of a signup that share their {part} the last is kept"
        install = _last_of_each(part)
        yield defect(f"signup-same-{part}-merged", "DOCUMENTS-SAME-NAME", GET, "/documents", words, install)
    yield from _FAMILY()


def _of_status(name: str, requirement: str, words: str, install: Install) -> Defect:
    return defect(name, requirement, ADD, "/documents/*/status", words, install)


def _of_old(change: Change) -> Install:
    """Change the earlier documents, in the reply to an addition."""

    def edit(request: Request, reply: Reply) -> Reply:
        items: Items = reply.body["documents"]
        old = len(items) - steps.added(request)
        return replace(reply, body={**reply.body, "documents": [*map(change, items[:old]), *items[old:]]})

    return steps.in_reply("ACK", ADD, edit)


def _count(registration: Registration) -> int:
    return len(registration.documents)


def _last_of_each(part: str) -> Install:
    """Keep one document of a signup for each value of a part."""

    def merged(registration: Registration, *_: object) -> Registration:
        last = {document.members.get(part): document for document in registration.documents}
        return replace(registration, documents=tuple(last.values()))

    return steps.giving("register", merged)


@installing
def _selecting(gateway: Gateway, action: str, select: Callable[[Items, int], Items]) -> None:
    counts = steps.at_signup(gateway, _count)

    def selected(items: Items, request: Request, registration: Registration) -> Items:
        return select(items, counts.get(registration.id, 0)) if request.action == action else items

    steps.giving("render_documents", selected)(gateway)


@_FAMILY.plants("documents-document-id-fresh", "DOCUMENTS-DOCUMENT-ID-STABLE", ADD, "/documents/*/id")
def _(gateway: Gateway) -> None:
    """Documents are given new ids in every reply."""

    @replaces(gateway)
    def render_document(inner: steps.Rendering, request: Request, document: Document) -> Json:
        return inner(request, replace(document, id=gateway.new_document_id()))


@_FAMILY.plants("documents-add-second-addition-replaces-first", "DOCUMENTS-LISTED", ADD, "/documents", "DOCUMENTS-KEPT")
def _(gateway: Gateway) -> None:
    """An addition replaces the documents of the addition before it."""
    counts = steps.at_signup(gateway, _count)

    @replaces(gateway)
    def add(inner: steps.Changing, request: Request, registration: Registration) -> Registration:
        signup = registration.documents[: counts.get(registration.id, 0)]
        return inner(request, replace(registration, documents=signup))


@_FAMILY.plants(
    *("documents-add-not-atomic", "DOCUMENTS-LISTED", ADD, "/documents"),
    *("DOCUMENTS-KEPT", "UPDATE-VISIBLE", "UPDATE-STAYS"),
    by=partial(steps.performing, ADD),
)
async def _(gateway: Gateway, request: Request, registration: Registration) -> Registration:
    """Of parallel additions the last one wins."""
    changed = gateway.add(request, registration)
    await asyncio.sleep(0.03)
    return gateway.store.change(registration.id, lambda kept: changed)
