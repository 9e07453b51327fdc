"""Defects that a registration shows only after a history: three calls or more, or the twentieth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from reference_server.defects.keeping import sound_info
from reference_server.defects.updates import before_update, without_endpoint
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Faults, Json, Reply, Request
from reference_server.planting import Defect, Family, defect, installing, replaces, steps
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import Change, edited, parts, to
from reference_server.registration import UPDATE_FAIL, UPDATE_PENDING, VERIFIED, Document, Registration

_MANY = 20

Calls = Sequence[str]
"""Actions of the calls about a registration so far."""

Step = Callable[[Calls, Registration, Registration], Registration]
"""Makes what is kept after a change of the calls before it, what was kept and what should be."""

_FAMILY = Family()


def _changes(calls: Calls) -> list[str]:
    return [call for call in calls if call in (UPDATE, ADD)]


@installing
def _after(gateway: Gateway, action: str, step: Step) -> None:
    """Keep something else than should be kept after an update or an addition, given what went before."""
    past = steps.recorded(gateway)

    def change(inner: steps.Changing, request: Request, registration: Registration) -> Registration:
        return step(past[registration.id], registration, inner(request, registration))

    change.__name__ = gateway.step_of(action)
    replaces(gateway)(change)


@installing
def _shown(gateway: Gateway, action: str, pointer: str, change: Change, when: Callable[[Calls], bool]) -> None:
    """Change a member of an ACK where the calls before it are of a certain kind."""
    past = steps.recorded(gateway)

    @replaces(gateway)
    def acknowledge(inner: Callable[..., Reply], request: Request, registration: Registration, *more: Any) -> Reply:
        given = inner(request, registration, *more)
        if request.action == action and when(past[registration.id]):
            return replace(given, body=edited(given.body, parts(pointer), change))
        return given


def defects() -> Iterator[Defect]:
    words, status = "from the third update on the reply says VERIFIED", "/registration/status"
    install = _shown(UPDATE, status, to(VERIFIED), lambda calls: calls.count(UPDATE) >= 2)
    yield defect("update-third-says-verified", "UPDATE-STATUS", UPDATE, status, words, install)
    words = "after a refused update that followed an acknowledged one Provider/get shows blanks"
    install = _shown(GET, "/info", lambda info: dict.fromkeys(info, ""), _ends_with_refused_update)
    yield defect("update-refused-after-update-blanks", "UPDATE-NACK-UNCHANGED", GET, "/info", words, install)
    words = f"{GET} is refused while a change of the registration waits"
    install = steps.denying(GET, lambda _, registration: registration.status == UPDATE_PENDING, _locked)
    yield defect("get-locked-while-pending", "GET-ACK", GET, "/registration/id", words, install)
    yield from _FAMILY()


def _ends_with_refused_update(calls: Calls) -> bool:
    return UPDATE in calls[:-1] and calls[-1:] == [steps.REFUSED + UPDATE]


def _locked(gateway: Gateway, request: Request) -> Reply:
    faults: Faults = {("registration", "id"): "is locked"}
    return gateway.refuse(request, "locked", "the registration is locked", faults)


# Something else is kept than should be after some calls.


@_FAMILY.plants("update-third-keeps-phone", "UPDATE-WHOLE", UPDATE, "/info", by=partial(_after, UPDATE))
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """The third update of a registration leaves the phone of the second."""
    return replace(kept, info={**kept.info, "phone": before.info["phone"]}) if calls.count(UPDATE) == 2 else kept


@_FAMILY.plants(
    *("update-second-unverifies-documents", "UPDATE-DOCUMENT-STATUS-KEPT", UPDATE, "/documents/*/status"),
    by=partial(_after, UPDATE),
    configuration=VERIFICATION,
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """The second update puts verified documents back to pending."""
    return steps.unverified(before, kept) if UPDATE in calls else kept


@_FAMILY.plants(
    *("documents-add-third-renumbers", "DOCUMENTS-DOCUMENT-ID-STABLE", ADD, "/documents/*/id"), by=partial(_after, ADD)
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """The third addition gives all documents new ids."""
    if calls.count(ADD) != 2:
        return kept
    return replace(kept, documents=tuple(replace(each, id=f"{each.id}-again") for each in kept.documents))


@_FAMILY.plants(
    *("documents-document-id-repeated-from-tenth", "DOCUMENTS-DOCUMENT-ID", ADD, "/documents/*/id"),
    "DOCUMENTS-DOCUMENT-ID-STABLE",
    by=partial(_after, ADD),
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """Ids of documents have one digit."""
    documents = (replace(each, id=f"{kept.id}-{place % 10}") for place, each in enumerate(kept.documents))
    return replace(kept, documents=tuple(documents))


@_FAMILY.plants("documents-capped", "DOCUMENTS-LISTED", ADD, "/documents", "DOCUMENTS-KEPT", by=partial(_after, ADD))
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """A registration keeps 12 documents, and further ones are acknowledged."""
    return replace(kept, documents=kept.documents[:12])


@_FAMILY.plants(
    *("documents-add-second-loses-endpoint-url", "DOCUMENTS-KEEPS-REST", ADD, "/api/endpoint_url"),
    *("GET-ROUND-TRIP", "UPDATE-KEEPS-REST"),
    by=partial(_after, ADD),
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """The second addition sets the URL of the API to a default."""
    return without_endpoint(before, kept) if ADD in calls else kept


@_FAMILY.plants(
    *("documents-add-after-two-updates-drops-first", "DOCUMENTS-LISTED", ADD, "/documents"),
    *("SIGNUP-DOCUMENTS-KEPT", "DOCUMENTS-KEPT"),
    by=partial(_after, ADD),
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """An addition after two updates loses the first document of the registration."""
    return replace(kept, documents=kept.documents[1:]) if _changes(calls)[-2:] == [UPDATE, UPDATE] else kept


@_FAMILY.plants(
    *("documents-add-after-refused-one-loses-first", "DOCUMENTS-LISTED", ADD, "/documents", "DOCUMENTS-KEPT"),
    by=partial(_after, ADD),
)
def _(calls: Calls, before: Registration, kept: Registration) -> Registration:
    """Of the addition after a refused one the first document is lost."""
    additions = [call for call in calls if call.endswith(ADD)]
    if additions[-1:] != [steps.REFUSED + ADD]:
        return kept
    return replace(kept, documents=(*before.documents, *kept.documents[len(before.documents) + 1 :]))


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

    def remembering(calls: Calls, before: Registration, kept: Registration) -> Registration:
        earlier[kept.id] = before.documents
        return kept

    def dropping(calls: Calls, before: Registration, kept: Registration) -> Registration:
        second = _changes(calls)[-2:] == [ADD, UPDATE]
        return replace(kept, documents=earlier[kept.id]) if second else kept

    steps.both(_after(ADD, remembering), _after(UPDATE, dropping))(gateway)


@_FAMILY.plants("update-after-get-ignored", "UPDATE-VISIBLE", GET, "/info")
def _(gateway: Gateway) -> None:
    """Once an update was looked at, the next one is acknowledged and not made."""
    past = steps.recorded(gateway)

    @replaces(gateway)
    async def perform(inner: steps.Performing, request: Request, registration: Registration) -> Registration:
        if request.action == UPDATE and past[registration.id][-2:] == [UPDATE, GET]:
            return gateway.update(request, registration)
        return await inner(request, registration)


@_FAMILY.plants("update-back-to-earlier-values-ignored", "UPDATE-VISIBLE", GET, "/info")
def _(gateway: Gateway) -> None:
    """An update to values that the registration once had is taken for done."""
    had: defaultdict[str, list[Mapping[str, Json]]] = defaultdict(list)

    @replaces(gateway)
    async def perform(inner: steps.Performing, request: Request, registration: Registration) -> Registration:
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
    steps.on_refusal(UPDATE, lambda _, request, kept: replace(kept, info=before.get(kept.id, kept.info)))(gateway)


@_FAMILY.plants("documents-add-applies-refused-update", "UPDATE-NACK-UNCHANGED", GET, "/info", "UPDATE-WHOLE")
def _(gateway: Gateway) -> None:
    """The sound members of a refused update are kept back, and applied by the next addition."""
    drafts: dict[str, Mapping[str, Json]] = {}

    def draft(gateway: Gateway, request: Request, kept: Registration) -> Registration:
        drafts[kept.id] = sound_info(gateway, request)
        return kept

    def apply_draft(gateway: Gateway, before: Registration, done: Registration) -> None:
        draft = drafts.pop(done.id, {})
        gateway.store.change(done.id, lambda kept: replace(kept, info={**kept.info, **draft}))

    steps.both(steps.on_refusal(UPDATE, draft), steps.following(ADD, apply_draft))(gateway)


@_FAMILY.plants("get-unknown-after-three-refusals", "GET-ACK", GET, "/registration/id")
def _(gateway: Gateway) -> None:
    """After three refused calls a registration is unknown to Provider/get."""
    past = steps.recorded(gateway)

    def locked_out(request: Request, registration: Registration) -> bool:
        return sum(call.startswith(steps.REFUSED) for call in past[request.id]) >= 3

    steps.denying(GET, locked_out, steps.unknown)(gateway)


@_FAMILY.plants("get-status-fail-stays", "UPDATE-STATUS-SEEN", GET, "/registration/status")
def _(gateway: Gateway) -> None:
    """Once an update has failed, Provider/get says UPDATE-FAIL whatever is acknowledged later."""
    past = steps.recorded(gateway)

    async def failed(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        again = steps.REFUSED + UPDATE in past[registration.id]
        return replace(registration, status=UPDATE_FAIL) if again else registration

    steps.performing(GET, failed)(gateway)


# What holds for some calls, and then no more.


@_FAMILY.plants("get-token-worn-out-after-sixth-call", "TOKEN-ACCEPTED", GET, "header:Token", "GET-ACK")
def _(gateway: Gateway) -> None:
    """A token is refused by Provider/get once it was used for six calls."""
    past = steps.recorded(gateway)

    def refused(gateway: Gateway, request: Request) -> Reply:
        return replace(gateway.refuse(request, "token", "the token is unknown"), status=401)

    steps.denying(GET, lambda request, registration: len(past[request.id]) >= 6, refused)(gateway)


@_FAMILY.plants(
    "get-twentieth-call-stale",
    "UPDATE-STAYS",
    GET,
    "/info",
    *("UPDATE-VISIBLE", "UPDATE-STATUS-SEEN", "DOCUMENTS-KEPT", "DOCUMENTS-STATUS-SEEN"),
)
def _(gateway: Gateway) -> None:
    """From the 20th call of a registration on Provider/get is answered as it was at first."""
    past = steps.recorded(gateway)
    first: dict[str, Registration] = {}

    async def answered_from_cache(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        first.setdefault(registration.id, registration)
        return first[registration.id] if len(past[registration.id]) >= _MANY - 1 else registration

    steps.performing(GET, answered_from_cache)(gateway)
