"""Defects in what becomes of an update: it is lost, mixed, or goes too far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, UPDATE, Json, Request
from reference_server.planting import Defect, Family, defect, installing, replaces, steps
from reference_server.planting.defect import VERIFICATION
from reference_server.planting.edits import on_items
from reference_server.registration import UPDATE_PENDING, Registration

_FAMILY = Family()

Info = Mapping[str, Json]


def before_update(gateway: Gateway) -> dict[str, Info]:
    """Remember the info of each registration as it was before its last update."""
    return steps.before_change(gateway, UPDATE, lambda _, registration: registration.info)


@installing
def _showing(gateway: Gateway, action: str, shown: Callable[[Info, Info], Json]) -> None:
    """Show the info otherwise in the replies of one operation, given how it was before the last update."""
    old = before_update(gateway)

    def rendered(info: Info, request: Request, registration: Registration) -> Json:
        known = request.action == action and registration.id in old
        return shown(old[registration.id], info) if known else info

    steps.giving("render_info", rendered)(gateway)


def defects() -> Iterator[Defect]:
    for name, action, member, words in (
        ("get-mixes-old-phone", GET, "phone", "Provider/get shows the phone of before an update"),
        ("get-mixes-old-company-id", GET, "company_id", "Provider/get shows the company id of before an update"),
        ("documents-add-mixes-old-email", ADD, "email", "an addition's reply shows the e-mail of before an update"),
    ):
        yield defect(name, "UPDATE-WHOLE", action, "/info", words, _showing(action, partial(_with_old, member)))
    for name, requirement, stale, words in (
        ("get-alternates-after-update", "UPDATE-STAYS", lambda gets: gets % 2 == 0, "every second Provider/get"),
        ("get-reverts-after-third", "UPDATE-STAYS", lambda gets: gets >= 3, "from the third on each Provider/get"),
        ("get-never-shows-update", "UPDATE-VISIBLE", lambda gets: True, "undeclared, every Provider/get"),
    ):
        words = f"{words} is answered by a replica that never heard of the update"
        yield defect(name, requirement, GET, "/info", words, _stale(stale))
    for member in ("name", "company_id"):
        name = member.replace("_", "-")
        words = f"an update with the {name} of before is acknowledged and changes nothing"
        install = _ignoring_same(member)
        yield defect(f"update-with-same-{name}-ignored", "UPDATE-VISIBLE", UPDATE, "/info", words, install)
    words, install = "an update's reply shows what was there before", _showing(UPDATE, lambda old, new: dict(old))
    yield defect("update-reply-shows-old", "UPDATE-VISIBLE", UPDATE, "/info", words, install)
    for action, requirement, name in (
        (UPDATE, "UPDATE-STATUS-SEEN", "update"),
        (ADD, "DOCUMENTS-STATUS-SEEN", "addition"),
    ):
        words = f"UPDATE-PENDING is said in the reply to an {name} only"
        install = steps.both(
            steps.after(action, lambda before, kept: replace(kept, status=before.status)),
            steps.shown_as(action, UPDATE_PENDING),
        )
        yield defect(f"get-status-of-before-{name}", requirement, GET, "/registration/status", words, install)
    yield from _too_far()
    yield from _FAMILY()


def _with_old(member: str, old: Info, new: Info) -> Json:
    return {**new, member: old[member]}


@installing
def _stale(gateway: Gateway, stale: Callable[[int], bool]) -> None:
    """Show in some Provider/get, counted from the last update on, the info of before it."""
    old = before_update(gateway)
    gets: dict[str, tuple[Info, int]] = {}

    @replaces(gateway)
    def render_info(inner: steps.Rendering, request: Request, registration: Registration) -> Json:
        before = old.get(registration.id)
        if request.action == GET and before is not None:
            update, count = gets.get(registration.id, (before, 0))
            gets[registration.id] = before, count + 1 if update is before else 1
            if stale(gets[registration.id][1]):
                return dict(before)
        return inner(request, registration)


@installing
def _ignoring_same(gateway: Gateway, member: str) -> None:
    """Take an update for nothing new where one member says what it said before."""

    @replaces(gateway)
    def update(inner: steps.Changing, request: Request, registration: Registration) -> Registration:
        if request.body["info"].get(member) == registration.info.get(member):
            return replace(registration, status=UPDATE_PENDING)
        return inner(request, registration)


@_FAMILY.plants("update-not-atomic", "UPDATE-WHOLE", GET, "/info", "UPDATE-ECHO")
def _(gateway: Gateway) -> None:
    """Parallel updates leave some members of the one and some of the other."""
    count = 0

    async def in_two_halves(gateway: Gateway, request: Request, registration: Registration) -> Registration:
        nonlocal count
        count += 1
        info = gateway.content(request)["info"]
        halves = [{"name", "phone"}, set(info) - {"name", "phone"}]
        for half in halves if count % 2 else reversed(halves):
            part = {name: value for name, value in info.items() if name in half}
            gateway.store.change(registration.id, partial(steps.with_info, part))
            await asyncio.sleep(0.03)
        # What was asked for is shown, whatever another update made of it meanwhile.
        return steps.with_info(info, registration)

    steps.performing(UPDATE, in_two_halves)(gateway)


@_FAMILY.plants("documents-add-reverts-update", "UPDATE-STAYS", GET, "/info", "DOCUMENTS-KEEPS-REST", "UPDATE-VISIBLE")
def _(gateway: Gateway) -> None:
    """An addition brings the info of the signup back."""
    first = steps.at_signup(gateway, lambda registration: registration.info)
    steps.after(ADD, lambda before, kept: replace(kept, info=first.get(kept.id, kept.info)))(gateway)


def _too_far() -> Iterator[Defect]:
    """Updates that touch what they should not."""
    for action, name, requirement in ((UPDATE, "update", "UPDATE"), (ADD, "documents-add", "DOCUMENTS")):
        words, install = f"{action} sets the URL of the API to a default", steps.after(action, without_endpoint)
        rest = f"{requirement}-KEEPS-REST"
        yield defect(f"{name}-resets-endpoint-url", rest, action, "/api/endpoint_url", words, install, "GET-ROUND-TRIP")
        status = "DOCUMENT-STATUS-KEPT" if action == UPDATE else "OLD-STATUS-KEPT"
        for ending, change, words in (
            ("all", steps.unverified, "every earlier document waits"),
            ("first", _first_unverified, "the first document waits"),
        ):
            place, words = "/documents/*/status", f"after {action} {words} for verification again"
            kept, install = f"{requirement}-{status}", steps.after(action, change)
            yield defect(f"{name}-unverifies-{ending}", kept, action, place, words, install, configuration=VERIFICATION)
    words = "an update's reply lists twenty documents at most"
    install = steps.in_ack(UPDATE, "/documents", on_items(lambda items: items[:20]))
    yield defect("update-shows-twenty-documents", "UPDATE-KEEPS-REST", UPDATE, "/documents", words, install)
    for name, names, pointer, words in (
        ("others", {"name", "phone", "email", "company_id"}, "/info", "with some members of info blanks the others"),
        ("email", {"email"}, "/info/email", "without an e-mail address blanks it"),
    ):
        install = _blanking(names)
        yield defect(
            f"update-partial-blanks-{name}", "UPDATE-PARTIAL-KEPT", UPDATE, pointer, f"an update {words}", install
        )


def without_endpoint(before: Registration, kept: Registration) -> Registration:
    """Lose the URL of the API."""
    return replace(kept, api={"endpoint_url": "https://unset.example.com/api"})


def _first_unverified(before: Registration, kept: Registration) -> Registration:
    return replace(kept, documents=(*steps.unverified(before, kept).documents[:1], *kept.documents[1:]))


@_FAMILY.plants(
    *("update-renames-documents", "UPDATE-KEEPS-REST", UPDATE, "/documents/*/name", "SIGNUP-DOCUMENTS-KEPT"),
    by=partial(steps.after, UPDATE),
)
def _(before: Registration, kept: Registration) -> Registration:
    """An update numbers the names of documents."""
    documents = (
        replace(document, members={**document.members, "name": f"document-{number}.pdf"})
        for number, document in enumerate(kept.documents)
    )
    return replace(kept, documents=tuple(documents))


@_FAMILY.plants(
    "update-keeps-twenty-documents", "UPDATE-KEEPS-REST", UPDATE, "/documents", by=partial(steps.after, UPDATE)
)
def _(before: Registration, kept: Registration) -> Registration:
    """An update throws away all documents but twenty."""
    return replace(kept, documents=kept.documents[:20])


@installing
def _blanking(gateway: Gateway, names: set[str]) -> None:
    def blanked(kept: Registration, request: Request, before: Registration) -> Registration:
        sent = gateway.content(request)["info"]
        blanks = {name: "" for name in kept.info if name in names and name not in sent}
        return replace(kept, info={**kept.info, **blanks})

    steps.giving("update", blanked)(gateway)
