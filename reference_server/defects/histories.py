"""Defects that a registration shows only after a history: three calls or more, or the twentieth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reference_server.defects.keeping import sound_info
from reference_server.defects.updates import before_update, without_endpoint
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Defect, Family, Install, defect, replaces
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import Change, edited, parts, to
from reference_server.planting.steps import (
    REFUSED,
    Authorising,
    Changing,
    Performing,
    Refusing,
    both,
    denying,
    owned,
    performing,
    recorded,
    unknown,
    unverified,
)
from reference_server.registration import VERIFIED, Document, Registration

_MANY = 20
_MOST_DOCUMENTS = 12

Calls = Sequence[str]
"""Actions of the calls about a registration so far."""

Step = Callable[[Gateway, Calls, Registration, Registration], Registration]
"""Makes what is kept after a change of what went before it, what was kept and what should be."""

_FAMILY = Family()
_OTHERS = ("DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED")


def _changes(calls: Calls) -> list[str]:
    return [call for call in calls if call in (UPDATE, ADD)]


def _after(action: str, step: Step) -> Install:
    """Keep something else than should be kept after an update or an addition, given what went before."""

    def install(gateway: Gateway) -> None:
        past = recorded(gateway)

        def change(inner: Changing, request: Request, registration: Registration) -> Registration:
            return step(gateway, past[registration.id], registration, inner(request, registration))

        change.__name__ = "update" if action == UPDATE else "add"
        replaces(gateway)(change)

    return install


def _shown(action: str, pointer: str, change: Change, when: Callable[[Calls], bool]) -> Install:
    """Change a member of an ACK where the calls before it are of a certain kind."""

    def install(gateway: Gateway) -> None:
        past = recorded(gateway)

        @replaces(gateway)
        def acknowledge(inner: Callable[..., Reply], request: Request, registration: Registration, *more: Any) -> Reply:
            given = inner(request, registration, *more)
            if request.action == action and when(past[registration.id]):
                return replace(given, body=edited(given.body, parts(pointer), change))
            return given

    return install


def _with_old_phone(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    if calls.count(UPDATE) != 2:
        return kept
    return replace(kept, info={**kept.info, "phone": before.info["phone"]})


def _unverified_by_second(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    return unverified(before, kept) if UPDATE in calls else kept


def _renumbered(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    if calls.count(ADD) != 2:
        return kept
    return replace(kept, documents=tuple(replace(each, id=gateway.new_document_id()) for each in kept.documents))


def _numbered_with_one_digit(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    documents = (replace(each, id=f"{kept.id}-{place % 10}") for place, each in enumerate(kept.documents))
    return replace(kept, documents=tuple(documents))


def _capped(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    return replace(kept, documents=kept.documents[:_MOST_DOCUMENTS])


def _endpoint_lost(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    return without_endpoint(before, kept) if ADD in calls else kept


def _first_dropped(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    twice = _changes(calls)[-2:] == [UPDATE, UPDATE]
    return replace(kept, documents=kept.documents[1:]) if twice else kept


def _first_of_new_lost(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
    additions = [call for call in calls if call.endswith(ADD)]
    if additions[-1:] != [REFUSED + ADD]:
        return kept
    return replace(kept, documents=(*before.documents, *kept.documents[len(before.documents) + 1 :]))


_STEPS: tuple[tuple[str, str, str, str, Step, str, tuple[str, ...]], ...] = (
    (
        "update-third-keeps-phone",
        *("UPDATE-WHOLE", UPDATE, "/info", _with_old_phone),
        "the third update of a registration leaves the phone of the second",
        (),
    ),
    (
        "update-second-unverifies-documents",
        *("UPDATE-DOCUMENT-STATUS-KEPT", UPDATE, "/documents/*/status", _unverified_by_second),
        "the second update puts verified documents back to pending",
        (),
    ),
    (
        "documents-add-third-renumbers",
        *("DOCUMENTS-DOCUMENT-ID-STABLE", ADD, "/documents/*/id", _renumbered),
        "the third addition gives all documents new ids",
        (),
    ),
    (
        "documents-document-id-repeated-from-tenth",
        *("DOCUMENTS-DOCUMENT-ID", ADD, "/documents/*/id", _numbered_with_one_digit),
        "ids of documents have one digit",
        ("DOCUMENTS-DOCUMENT-ID-STABLE",),
    ),
    (
        "documents-capped",
        *("DOCUMENTS-LISTED", ADD, "/documents", _capped),
        f"a registration keeps {_MOST_DOCUMENTS} documents, and further ones are acknowledged",
        ("DOCUMENTS-KEPT",),
    ),
    (
        "documents-add-second-loses-endpoint-url",
        *("DOCUMENTS-KEEPS-REST", ADD, "/api/endpoint_url", _endpoint_lost),
        "the second addition sets the URL of the API to a default",
        ("GET-ROUND-TRIP", "UPDATE-KEEPS-REST"),
    ),
    (
        "documents-add-after-two-updates-drops-first",
        *("DOCUMENTS-LISTED", ADD, "/documents", _first_dropped),
        "an addition after two updates loses the first document of the registration",
        ("SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"),
    ),
    (
        "documents-add-after-refused-one-loses-first",
        *("DOCUMENTS-LISTED", ADD, "/documents", _first_of_new_lost),
        "of the addition after a refused one the first document is lost",
        ("DOCUMENTS-KEPT",),
    ),
)
"""Name, requirement, operation, pointer, what is kept, summary, consequences."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for name, requirement, action, pointer, step, words, also in _STEPS:
        configuration = VERIFICATION if "verifies" in name else None
        install = _after(action, step)
        yield defect(name, requirement, action, pointer, words, install, *also, configuration=configuration)
    yield defect(
        "update-third-says-verified",
        "UPDATE-STATUS",
        UPDATE,
        "/registration/status",
        "from the third update on the reply says VERIFIED",
        _shown(UPDATE, "/registration/status", to(VERIFIED), lambda calls: calls.count(UPDATE) >= 2),
    )
    yield defect(
        "update-refused-after-update-blanks",
        "UPDATE-NACK-UNCHANGED",
        GET,
        "/info",
        "after a refused update that followed an acknowledged one Provider/get shows blanks",
        _shown(
            GET,
            "/info",
            lambda info: dict.fromkeys(info, ""),
            lambda calls: UPDATE in calls[:-1] and calls[-1:] == [REFUSED + UPDATE],
        ),
    )
    yield from _FAMILY.defects


# Updates.


@_FAMILY.plants(
    "update-second-drops-first-addition",
    "UPDATE-KEEPS-REST",
    UPDATE,
    "/documents",
    *("DOCUMENTS-KEPT", "DOCUMENTS-LISTED"),
)
def _(gateway: Gateway) -> None:
    """The second update after an addition loses the documents of the addition."""
    earlier: dict[str, tuple[Document, ...]] = {}

    def remembering(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
        earlier[kept.id] = before.documents
        return kept

    def dropping(gateway: Gateway, calls: Calls, before: Registration, kept: Registration) -> Registration:
        second = _changes(calls)[-2:] == [ADD, UPDATE]
        return replace(kept, documents=earlier[kept.id]) if second else kept

    both(_after(ADD, remembering), _after(UPDATE, dropping))(gateway)


@_FAMILY.plants("update-after-get-ignored", "UPDATE-VISIBLE", GET, "/info")
def _(gateway: Gateway) -> None:
    """Once an update was looked at, the next one is acknowledged and not made."""
    past = recorded(gateway)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action == UPDATE and past[registration.id][-2:] == [UPDATE, GET]:
            return gateway.update(request, registration)
        return await inner(request, registration)


@_FAMILY.plants("update-back-to-earlier-values-ignored", "UPDATE-VISIBLE", GET, "/info")
def _(gateway: Gateway) -> None:
    """An update to values that the registration once had is taken for done."""
    had: defaultdict[str, list[Mapping[str, Json]]] = defaultdict(list)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        if request.action == UPDATE:
            changed = gateway.update(request, registration)
            if changed.info in had[registration.id]:
                return changed
            had[registration.id].append(registration.info)
        return await inner(request, registration)


# Refused calls that are not without consequence, later.


@_FAMILY.plants("update-refused-after-update-reverts", "UPDATE-STAYS", GET, "/info", "UPDATE-VISIBLE")
def _(gateway: Gateway) -> None:
    """A refused update rolls the acknowledged one before it back."""
    before = before_update(gateway)

    @replaces(gateway)
    def refuse(inner: Refusing, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        if request.action == UPDATE and reason == "body" and owned(gateway, request) and request.id in before:
            gateway.store.change(request.id, lambda kept: replace(kept, info=before[request.id]))
        return inner(request, reason, message, faults)


@_FAMILY.plants("documents-add-applies-refused-update", "UPDATE-NACK-UNCHANGED", GET, "/info", "UPDATE-WHOLE")
def _(gateway: Gateway) -> None:
    """The sound members of a refused update are kept back, and applied by the next addition."""
    drafts: dict[str, Mapping[str, Json]] = {}

    @replaces(gateway)
    def refuse(inner: Refusing, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        if request.action == UPDATE and reason == "body" and owned(gateway, request):
            drafts[request.id] = sound_info(gateway, request)
        return inner(request, reason, message, faults)

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == ADD and registration.id in drafts:
            draft = drafts.pop(registration.id)
            gateway.store.change(registration.id, lambda kept: replace(kept, info={**kept.info, **draft}))
        return done


@_FAMILY.plants("get-unknown-after-three-refusals", "GET-ACK", GET, "/registration/id")
def _(gateway: Gateway) -> None:
    """After three refused calls a registration is unknown to Provider/get."""
    past = recorded(gateway)

    def locked_out(request: Request, registration: Registration) -> bool:
        return sum(call.startswith(REFUSED) for call in past[request.id]) >= 3

    denying(GET, locked_out, unknown)(gateway)


# Registrations that are changed or shown by calls about others.


@_FAMILY.plants("update-overwrites-info-of-another", "GET-ROUND-TRIP", GET, "/info", "UPDATE-ECHO", *_OTHERS)
def _(gateway: Gateway) -> None:
    """An update changes two registrations, once both have added documents."""
    added: list[str] = []

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == ADD:
            added.append(registration.id)
        if request.action == UPDATE and registration.id in added:
            for identity in [each for each in added if each != registration.id][-1:]:
                gateway.store.change(identity, lambda kept: replace(kept, info=done.info))
        return done


@_FAMILY.plants(
    "update-unverifies-documents-of-another",
    "UPDATE-DOCUMENT-STATUS-KEPT",
    GET,
    "/documents/*/status",
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

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == UPDATE:
            for identity in {each for each in verified if each != registration.id}:
                gateway.store.change(identity, lambda kept: unverified(kept, kept))
        return done


@_FAMILY.plants("get-every-twentieth-shows-another", "GET-ROUND-TRIP", GET, "/info", *_OTHERS)
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

    performing(GET, mixed)(gateway)


@_FAMILY.plants("get-shows-document-of-another-after-additions", "GET-ROUND-TRIP", GET, "/documents")
def _(gateway: Gateway) -> None:
    """After its second addition a registration shows a document of another one as well."""
    past = recorded(gateway)
    added: dict[str, tuple[Document, ...]] = {}

    @replaces(gateway)
    async def perform(inner: Performing, request: Request, registration: Registration) -> Registration:
        done = await inner(request, registration)
        if request.action == ADD:
            added[registration.id] = done.documents[-1:]
        others = [documents for identity, documents in added.items() if identity != registration.id]
        if request.action == GET and past[registration.id].count(ADD) >= 2 and others:
            return replace(done, documents=(*done.documents, *others[-1]))
        return done


@_FAMILY.plants("get-token-foreign-accepted-after-update", "TOKEN-NACK-FOREIGN", GET, "header:Token")
def _(gateway: Gateway) -> None:
    """A registration that was updated and read is open to every token."""
    past = recorded(gateway)

    @replaces(gateway)
    def authorise(inner: Authorising, request: Request, registration: Registration | None) -> Reply | None:
        refusal = inner(request, registration)
        foreign = refusal is not None and refusal.reason == "foreign"
        calls = past[request.id]
        seen = UPDATE in calls and GET in calls[calls.index(UPDATE) :]
        return None if foreign and request.action == GET and seen else refusal


# What holds for some calls, and then no more.


@_FAMILY.plants("get-token-worn-out-after-sixth-call", "TOKEN-ACCEPTED", GET, "header:Token", "GET-ACK")
def _(gateway: Gateway) -> None:
    """A token is refused by Provider/get once it was used for six calls."""
    past = recorded(gateway)

    def refused(gateway: Gateway, request: Request) -> Reply:
        return replace(gateway.refuse(request, "token", "the token is unknown"), status=401)

    denying(GET, lambda request, registration: len(past[request.id]) >= 6, refused)(gateway)


@_FAMILY.plants(
    "get-twentieth-call-stale",
    "UPDATE-STAYS",
    GET,
    "/info",
    *("UPDATE-VISIBLE", "UPDATE-STATUS-SEEN", "DOCUMENTS-KEPT", "DOCUMENTS-STATUS-SEEN"),
)
def _(gateway: Gateway) -> None:
    """From the 20th call of a registration on Provider/get is answered as it was at first."""
    past = recorded(gateway)
    first: dict[str, Registration] = {}

    async def answered_from_cache(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        first.setdefault(registration.id, registration)
        return first[registration.id] if len(past[registration.id]) >= _MANY - 1 else registration

    performing(GET, answered_from_cache)(gateway)


# Registrations that are locked while a change waits.


@_FAMILY.plants("get-locked-while-pending", "GET-ACK", GET, "/registration/id")
def _(gateway: Gateway) -> None:
    """A registration whose change waits cannot be read."""
    _locking(GET)(gateway)


@_FAMILY.plants("update-locked-while-pending", "UPDATE-ACK", UPDATE, "/registration/id")
def _(gateway: Gateway) -> None:
    """A second change is refused while the first waits."""
    _locking(UPDATE)(gateway)


@_FAMILY.plants("documents-add-locked-while-pending", "DOCUMENTS-ACK", ADD, "")
def _(gateway: Gateway) -> None:
    """Documents are refused while a change waits."""
    _locking(ADD)(gateway)


def _locking(action: str) -> Install:
    def locked(gateway: Gateway, request: Request) -> Reply:
        faults: Faults = {("registration", "id"): "is locked"}
        return gateway.refuse(request, "locked", "the registration is locked", faults)

    return denying(action, lambda request, registration: registration.status == "UPDATE-PENDING", locked)
