"""Defects that a registration shows only after a history: three calls or more, or the twentieth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reference_server.defects.changes import VERIFICATION, unverified
from reference_server.defects.defect import Defect
from reference_server.edits import edited, parts, to
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import VERIFIED, Document, Registration, digest

_REFUSED = "refused "
"""Stands before the Action of a call that was refused for its body."""

_MANY = 20
_MOST_DOCUMENTS = 12

Past = Mapping[str, Sequence[str]]
"""By registration, the Actions of its calls so far."""

Step = Callable[[Gateway, Past, Registration, Registration], Registration]
"""Makes what is kept after a change of what went before it, what was kept and what should be."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _updates()
    yield from _additions()
    yield from _refusals()
    yield from _others()
    yield from _wear()


def _recorded(gateway: Gateway) -> Past:
    """Remember the calls about each registration; the one that is carried out is not among them yet."""
    past: defaultdict[str, list[str]] = defaultdict(list)

    async def reply(inner: Any, request: Request) -> Reply:
        given: Reply = await inner(request)
        if given.action == "ACK" and request.id:
            past[request.id].append(request.action)
        elif given.reason == "body" and _owned(gateway, request):
            past[request.id].append(_REFUSED + request.action)
        return given

    wrap(gateway, "reply", reply)
    return past


def _owned(gateway: Gateway, request: Request) -> bool:
    """Say whether a request names the registration that its token is of."""
    owner = gateway.store.owner(digest(request.token))
    return owner is not None and owner.id == request.id


def _changes(calls: Sequence[str]) -> list[str]:
    return [call for call in calls if call in (UPDATE, ADD)]


def _after(action: str, step: Step) -> Install:
    """Keep something else than should be kept after an update or an addition, given what went before."""

    def install(gateway: Gateway) -> None:
        past = _recorded(gateway)

        def change(inner: Any, request: Request, registration: Registration) -> Registration:
            return step(gateway, past, registration, inner(request, registration))

        wrap(gateway, "update" if action == UPDATE else "add", change)

    return install


def _shown(action: str, pointer: str, change: Callable[[Json], Json], when: Callable[[Sequence[str]], bool]) -> Install:
    """Change a member of an ACK where the calls before it are of a certain kind."""

    def install(gateway: Gateway) -> None:
        past = _recorded(gateway)

        def acknowledge(inner: Any, request: Request, registration: Registration, *more: Any) -> Reply:
            given: Reply = inner(request, registration, *more)
            if request.action == action and when(past[registration.id]):
                return replace(given, body=edited(given.body, parts(pointer), change))
            return given

        wrap(gateway, "acknowledge", acknowledge)

    return install


def _updates() -> Iterator[Defect]:
    yield Defect(
        name="update-second-drops-first-addition",
        requirement="UPDATE-KEEPS-REST",
        operation=UPDATE,
        pointer="/documents",
        summary="the second update after an addition loses the documents of the addition",
        install=_dropping_on_second_update,
        consequences=frozenset({"DOCUMENTS-KEPT", "DOCUMENTS-LISTED"}),
    )
    yield Defect(
        name="update-after-get-ignored",
        requirement="UPDATE-VISIBLE",
        operation=GET,
        pointer="/info",
        summary="once an update was looked at, the next one is acknowledged and not made",
        install=_ignoring(lambda calls: calls[-2:] == [UPDATE, GET]),
    )
    yield Defect(
        name="update-back-to-earlier-values-ignored",
        requirement="UPDATE-VISIBLE",
        operation=GET,
        pointer="/info",
        summary="an update to values that the registration once had is taken for done",
        install=_taken_for_done,
    )
    yield Defect(
        name="update-third-keeps-phone",
        requirement="UPDATE-WHOLE",
        operation=UPDATE,
        pointer="/info",
        summary="the third update of a registration leaves the phone of the second",
        install=_after(UPDATE, _with_old_phone),
    )
    yield Defect(
        name="update-third-says-verified",
        requirement="UPDATE-STATUS",
        operation=UPDATE,
        pointer="/registration/status",
        summary="from the third update on the reply says VERIFIED",
        install=_shown(UPDATE, "/registration/status", to(VERIFIED), lambda calls: calls.count(UPDATE) >= 2),
    )
    yield Defect(
        name="update-second-unverifies-documents",
        requirement="UPDATE-DOCUMENT-STATUS-KEPT",
        operation=UPDATE,
        pointer="/documents/*/status",
        summary="the second update puts verified documents back to pending",
        install=_after(UPDATE, _unverified_by_second),
        configuration=VERIFICATION,
    )


def _dropping_on_second_update(gateway: Gateway) -> None:
    past = _recorded(gateway)
    before: dict[str, tuple[Document, ...]] = {}

    def add(inner: Any, request: Request, registration: Registration) -> Registration:
        before[registration.id] = registration.documents
        kept: Registration = inner(request, registration)
        return kept

    def update(inner: Any, request: Request, registration: Registration) -> Registration:
        kept: Registration = inner(request, registration)
        if _changes(past[registration.id])[-2:] == [ADD, UPDATE]:
            return replace(kept, documents=before[registration.id])
        return kept

    wrap(gateway, "add", add)
    wrap(gateway, "update", update)


def _ignoring(when: Callable[[Sequence[str]], bool]) -> Install:
    """Acknowledge an update as if it had been made."""

    def install(gateway: Gateway) -> None:
        past = _recorded(gateway)

        async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
            if request.action == UPDATE and when(past[registration.id]):
                return gateway.update(request, registration)
            done: Registration = await inner(request, registration)
            return done

        wrap(gateway, "perform", perform)

    return install


def _taken_for_done(gateway: Gateway) -> None:
    had: defaultdict[str, list[Mapping[str, Json]]] = defaultdict(list)

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        if request.action == UPDATE:
            changed = gateway.update(request, registration)
            if changed.info in had[registration.id]:
                return changed
            had[registration.id].append(registration.info)
        done: Registration = await inner(request, registration)
        return done

    wrap(gateway, "perform", perform)


def _with_old_phone(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    if past[kept.id].count(UPDATE) != 2:
        return kept
    return replace(kept, info={**kept.info, "phone": before.info["phone"]})


def _unverified_by_second(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    return unverified(lambda index: True)(before, kept) if UPDATE in past[kept.id] else kept


def _additions() -> Iterator[Defect]:
    yield Defect(
        name="documents-add-third-renumbers",
        requirement="DOCUMENTS-DOCUMENT-ID-STABLE",
        operation=ADD,
        pointer="/documents/*/id",
        summary="the third addition gives all documents new ids",
        install=_after(ADD, _renumbered),
    )
    yield Defect(
        name="documents-document-id-repeated-from-tenth",
        requirement="DOCUMENTS-DOCUMENT-ID",
        operation=ADD,
        pointer="/documents/*/id",
        summary="ids of documents have one digit",
        install=_after(ADD, _numbered_with_one_digit),
        consequences=frozenset({"DOCUMENTS-DOCUMENT-ID-STABLE"}),
    )
    yield Defect(
        name="documents-capped",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary=f"a registration keeps {_MOST_DOCUMENTS} documents, and further ones are acknowledged",
        install=_after(ADD, lambda gateway, past, before, kept: _cut(kept)),
        consequences=frozenset({"DOCUMENTS-KEPT"}),
    )
    yield Defect(
        name="documents-add-second-loses-endpoint-url",
        requirement="DOCUMENTS-KEEPS-REST",
        operation=ADD,
        pointer="/api/endpoint_url",
        summary="the second addition sets the URL of the API to a default",
        install=_after(ADD, _without_endpoint),
        consequences=frozenset({"GET-ROUND-TRIP", "UPDATE-KEEPS-REST"}),
    )
    yield Defect(
        name="documents-add-after-two-updates-drops-first",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="an addition after two updates loses the first document of the registration",
        install=_after(ADD, _without_first_after_updates),
        consequences=frozenset({"SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"}),
    )


def _renumbered(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    if past[kept.id].count(ADD) != 2:
        return kept
    return replace(kept, documents=tuple(replace(each, id=gateway.new_document_id()) for each in kept.documents))


def _numbered_with_one_digit(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    documents = (replace(each, id=f"{kept.id}-{place % 10}") for place, each in enumerate(kept.documents))
    return replace(kept, documents=tuple(documents))


def _cut(kept: Registration) -> Registration:
    return replace(kept, documents=kept.documents[:_MOST_DOCUMENTS])


def _without_endpoint(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    return replace(kept, api={"endpoint_url": "https://unset.example.com/api"}) if ADD in past[kept.id] else kept


def _without_first_after_updates(
    gateway: Gateway, past: Past, before: Registration, kept: Registration
) -> Registration:
    twice = _changes(past[kept.id])[-2:] == [UPDATE, UPDATE]
    return replace(kept, documents=kept.documents[1:]) if twice else kept


def _refusals() -> Iterator[Defect]:
    """Refused calls that are not without consequence, later."""
    yield Defect(
        name="update-refused-after-update-reverts",
        requirement="UPDATE-STAYS",
        operation=GET,
        pointer="/info",
        summary="a refused update rolls the acknowledged one before it back",
        install=_rolling_back,
        consequences=frozenset({"UPDATE-VISIBLE"}),
    )
    yield Defect(
        name="update-refused-after-update-blanks",
        requirement="UPDATE-NACK-UNCHANGED",
        operation=GET,
        pointer="/info",
        summary="after a refused update that followed an acknowledged one Provider/get shows blanks",
        install=_shown(
            GET,
            "/info",
            lambda info: dict.fromkeys(info, ""),
            lambda calls: UPDATE in calls[:-1] and calls[-1:] == [_REFUSED + UPDATE],
        ),
    )
    yield Defect(
        name="documents-add-applies-refused-update",
        requirement="UPDATE-NACK-UNCHANGED",
        operation=GET,
        pointer="/info",
        summary="the sound members of a refused update are kept back, and applied by the next addition",
        install=_kept_back,
        consequences=frozenset({"UPDATE-WHOLE"}),
    )
    yield Defect(
        name="documents-add-after-refused-one-loses-first",
        requirement="DOCUMENTS-LISTED",
        operation=ADD,
        pointer="/documents",
        summary="of the addition after a refused one the first document is lost",
        install=_after(ADD, _without_first_of_new),
        consequences=frozenset({"DOCUMENTS-KEPT"}),
    )
    yield Defect(
        name="get-unknown-after-three-refusals",
        requirement="GET-ACK",
        operation=GET,
        pointer="/registration/id",
        summary="after three refused calls a registration is unknown to Provider/get",
        install=_locked_out,
    )


def _rolling_back(gateway: Gateway) -> None:
    before: dict[str, Mapping[str, Json]] = {}

    def update(inner: Any, request: Request, registration: Registration) -> Registration:
        before[registration.id] = registration.info
        kept: Registration = inner(request, registration)
        return kept

    def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        if request.action == UPDATE and reason == "body" and _owned(gateway, request) and request.id in before:
            gateway.store.change(request.id, lambda kept: replace(kept, info=before[request.id]))
        refusal: Reply = inner(request, reason, message, faults)
        return refusal

    wrap(gateway, "update", update)
    wrap(gateway, "refuse", refuse)


def _kept_back(gateway: Gateway) -> None:
    drafts: dict[str, Mapping[str, Json]] = {}

    def refuse(inner: Any, request: Request, reason: str, message: str, faults: Faults | None = None) -> Reply:
        info = request.body.get("info")
        if request.action == UPDATE and reason == "body" and _owned(gateway, request) and isinstance(info, dict):
            faulty = {place[1] for place in faults or {} if place[0] == "info" and len(place) > 1}
            members = gateway.specification.requests[UPDATE].members["info"].members
            drafts[request.id] = {
                name: info[name] for name in members if info.get(name) is not None and name not in faulty
            }
        refusal: Reply = inner(request, reason, message, faults)
        return refusal

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action == ADD and registration.id in drafts:
            draft = drafts.pop(registration.id)
            gateway.store.change(registration.id, lambda kept: replace(kept, info={**kept.info, **draft}))
        return done

    wrap(gateway, "refuse", refuse)
    wrap(gateway, "perform", perform)


def _without_first_of_new(gateway: Gateway, past: Past, before: Registration, kept: Registration) -> Registration:
    additions = [call for call in past[kept.id] if call.endswith(ADD)]
    if additions[-1:] != [_REFUSED + ADD]:
        return kept
    return replace(kept, documents=(*before.documents, *kept.documents[len(before.documents) + 1 :]))


def _locked_out(gateway: Gateway) -> None:
    past = _recorded(gateway)

    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        refusals = [call for call in past[request.id] if call.startswith(_REFUSED)]
        if refusal is None and request.action == GET and len(refusals) >= 3:
            faults: Faults = {("registration", "id"): "is not the id of a registration"}
            return gateway.refuse(request, "unknown", "the registration is unknown", faults)
        return refusal

    wrap(gateway, "authorise", authorise)


def _others() -> Iterator[Defect]:
    """Registrations that are changed or shown by calls about others."""
    yield Defect(
        name="update-overwrites-info-of-another",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/info",
        summary="an update changes two registrations, once both have added documents",
        install=_overwriting,
        consequences=frozenset({"DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED", "UPDATE-ECHO"}),
    )
    yield Defect(
        name="update-unverifies-documents-of-another",
        requirement="UPDATE-DOCUMENT-STATUS-KEPT",
        operation=GET,
        pointer="/documents/*/status",
        summary="an update puts the documents of the registration before it back to pending",
        install=_unverifying_another,
        configuration=VERIFICATION,
        consequences=frozenset({"DOCUMENTS-OLD-STATUS-KEPT"}),
    )
    yield Defect(
        name="get-every-twentieth-shows-another",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/info",
        summary=f"every {_MANY}th Provider/get shows the info of the registration that was asked for before",
        install=_showing_another,
        consequences=frozenset({"DOCUMENTS-KEEPS-REST", "UPDATE-NACK-UNCHANGED"}),
    )
    yield Defect(
        name="get-shows-document-of-another-after-additions",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/documents",
        summary="after its second addition a registration shows a document of another one as well",
        install=_showing_documents_of_another,
    )
    yield Defect(
        name="get-token-foreign-accepted-after-update",
        requirement="TOKEN-NACK-FOREIGN",
        operation=GET,
        pointer="header:Token",
        summary="a registration that was updated and read is open to every token",
        install=_open_after_update,
    )


def _overwriting(gateway: Gateway) -> None:
    added: list[str] = []

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action == ADD:
            added.append(registration.id)
        if request.action == UPDATE and registration.id in added:
            for identity in [each for each in added if each != registration.id][-1:]:
                gateway.store.change(identity, lambda kept: replace(kept, info=done.info))
        return done

    wrap(gateway, "perform", perform)


def _unverifying_another(gateway: Gateway) -> None:
    verified: list[str] = []

    def judge(inner: Any, identity: str, *arguments: Any) -> Registration:
        judged: Registration = inner(identity, *arguments)
        verified.append(identity)
        return judged

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action == UPDATE:
            for identity in {each for each in verified if each != registration.id}:
                gateway.store.change(identity, lambda kept: unverified(lambda index: True)(kept, kept))
        return done

    wrap(gateway, "judge", judge)
    wrap(gateway, "perform", perform)


def _showing_another(gateway: Gateway) -> None:
    count = 0
    asked: list[Registration] = []

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        nonlocal count
        done: Registration = await inner(request, registration)
        if request.action != GET:
            return done
        count += 1
        others = [each for each in asked if each.id != done.id]
        asked[:] = [*others[-1:], done]
        return replace(done, info=others[-1].info) if count % _MANY == 0 and others else done

    wrap(gateway, "perform", perform)


def _showing_documents_of_another(gateway: Gateway) -> None:
    past = _recorded(gateway)
    added: dict[str, tuple[Document, ...]] = {}

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action == ADD:
            added[registration.id] = done.documents[-1:]
        others = [documents for identity, documents in added.items() if identity != registration.id]
        if request.action == GET and past[registration.id].count(ADD) >= 2 and others:
            return replace(done, documents=(*done.documents, *others[-1]))
        return done

    wrap(gateway, "perform", perform)


def _open_after_update(gateway: Gateway) -> None:
    past = _recorded(gateway)

    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        known = refusal is not None and refusal.reason == "foreign"
        calls = past[request.id]
        seen = UPDATE in calls and GET in calls[calls.index(UPDATE) :]
        return None if known and request.action == GET and seen else refusal

    wrap(gateway, "authorise", authorise)


def _wear() -> Iterator[Defect]:
    """What holds for some calls, and then no more."""
    yield Defect(
        name="get-token-worn-out-after-sixth-call",
        requirement="TOKEN-ACCEPTED",
        operation=GET,
        pointer="header:Token",
        summary="a token is refused by Provider/get once it was used for six calls",
        install=_worn_out,
        consequences=frozenset({"GET-ACK"}),
    )
    yield Defect(
        name="get-twentieth-call-stale",
        requirement="UPDATE-STAYS",
        operation=GET,
        pointer="/info",
        summary=f"from the {_MANY}th call of a registration on Provider/get is answered as it was at first",
        install=_answered_from_cache,
        consequences=frozenset({"UPDATE-VISIBLE", "UPDATE-STATUS-SEEN", "DOCUMENTS-KEPT", "DOCUMENTS-STATUS-SEEN"}),
    )


def _worn_out(gateway: Gateway) -> None:
    past = _recorded(gateway)

    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        if refusal is None and request.action == GET and len(past[request.id]) >= 6:
            return replace(gateway.refuse(request, "token", "the token is unknown"), status=401)
        return refusal

    wrap(gateway, "authorise", authorise)


def _answered_from_cache(gateway: Gateway) -> None:
    past = _recorded(gateway)
    first: dict[str, Registration] = {}

    async def perform(inner: Any, request: Request, registration: Registration) -> Registration:
        done: Registration = await inner(request, registration)
        if request.action != GET:
            return done
        first.setdefault(done.id, done)
        return first[done.id] if len(past[done.id]) >= _MANY - 1 else done

    wrap(gateway, "perform", perform)
