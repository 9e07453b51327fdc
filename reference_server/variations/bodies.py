"""Fair bodies of replies: errors in other forms, further members, other ids, other notations."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from reference_server.edits import GONE, edited, parts, to
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Credential, Document, Registration
from reference_server.variations.variation import Variation


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    yield from _slots()
    yield from _faults()
    yield from _extras()
    yield from _documents()
    yield from _identities()
    yield from _expiries()
    yield from _statuses()


def _refusing(change: Callable[[Gateway, Request, Faults], Faults]) -> Install:
    """Say something else about the faults of a body."""

    def install(gateway: Gateway) -> None:
        def render_faults(inner: Any, request: Request, faults: Faults) -> Json:
            return inner(request, change(gateway, request, faults))

        wrap(gateway, "render_faults", render_faults)

    return install


def _slots() -> Iterator[Variation]:
    for name, filler, summary in (
        ("null", None, "a NACK has null for each sound field"),
        ("empty", "", "a NACK has an empty text for each sound field"),
    ):
        yield Variation(f"errors-{name}", "R14", summary, _refusing(_filled(filler)))
    for name, nothing in (("objects", {}), ("texts", "")):
        yield Variation(
            f"document-errors-empty-{name}",
            "R14",
            f"a sound document is an empty {name[:-1]} in a list of errors",
            _changing_errors(_filling(nothing)),
        )
    yield Variation(
        "document-errors-compact",
        "R15",
        "the list of document errors has the faulty ones only",
        _changing_errors(lambda items: [item for item in items if item is not None]),
    )


def _filling(nothing: Json) -> Callable[[list[Json]], list[Json]]:
    return lambda items: [nothing if item is None else item for item in items]


def _filled(filler: str | None) -> Callable[[Gateway, Request, Faults], Faults]:
    """Fill the slots of fields that are sound."""

    def change(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        if not faults:
            return faults
        told = dict(faults)
        shape = gateway.specification.requests[request.action]
        for section, member in shape.members.items():
            if (section,) in faults or (section == "registration" and request.action == UPDATE):
                continue
            for name in member.members:
                told.setdefault((section, name), filler)
        return told

    return change


def _changing_errors(change: Callable[[list[Json]], list[Json]]) -> Install:
    def install(gateway: Gateway) -> None:
        def render_faults(inner: Any, request: Request, faults: Faults) -> Json:
            body = inner(request, faults)
            errors = body.get("documents")
            return {**body, "documents": change(errors)} if isinstance(errors, list) else body

        wrap(gateway, "render_faults", render_faults)

    return install


def _faults() -> Iterator[Variation]:
    for name, reading, change, summary in (
        ("errors-beneath", "R14", _beneath, "what is wrong with a whole object is said of its members"),
        (
            "errors-at-first-member",
            "R14",
            _at_first_member,
            "what is wrong with a whole object is said of one member",
        ),
        (
            "errors-registration-only",
            "R14",
            _registration_only,
            "further faults are not named when the registration is faulty",
        ),
        ("errors-long", "R18", _long, "messages at fields are long"),
        ("errors-same", "R18", _same, "all messages at fields are the same word"),
    ):
        yield Variation(name, reading, summary, _refusing(change))


def _spread(gateway: Gateway, request: Request, faults: Faults, limit: int | None) -> Faults:
    told: dict[Place, Json] = {}
    for place, message in faults.items():
        shape = gateway.specification.requests[request.action].members[str(place[0])]
        if len(place) == 2 and isinstance(place[1], int) and shape.items is not None:
            names = list(shape.items.members)[:limit]
        else:
            names = list(shape.members)[:limit] if len(place) == 1 else []
        told |= {(*place, name): message for name in names} if names else {place: message}
    return told


def _beneath(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return _spread(gateway, request, faults, None)


def _at_first_member(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return _spread(gateway, request, faults, 1)


def _registration_only(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    at_fault = {place: message for place, message in faults.items() if place[0] == "registration"}
    return at_fault or faults


def _long(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return {place: f"{message}. " * 40 for place, message in faults.items()}


def _same(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return dict.fromkeys(faults, "invalid")


def _with_body(change: Callable[[Request, Reply], Json]) -> Install:
    def install(gateway: Gateway) -> None:
        def finish(inner: Any, request: Request, reply: Reply) -> Reply:
            given: Reply = inner(request, reply)
            return replace(given, body=change(request, given))

        wrap(gateway, "finish", finish)

    return install


def _extras() -> Iterator[Variation]:
    yield Variation("body-extra", "T11", "bodies have further members at every level", _with_body(_extended))
    yield Variation("body-links", "T11", "bodies have links", _with_body(_linked))
    yield Variation("errors-problem", "T11", "a NACK is a problem document too", _with_body(_problem))
    yield Variation("auth-null-later", "T12", "replies after the signup have null for auth", _with_body(_auth(None)))
    yield Variation("registration-dates", "T11", "a registration has its dates", _with_body(_dated))


def _extended(request: Request, reply: Reply) -> Json:
    if reply.action == "NACK":
        return {**reply.body, "errors": [{"code": 1, "text": reply.message}], "request": "r-1"}
    extra = {"x": {"y": [1, None, True]}}
    body = reply.body
    for pointer in ("/registration", "/info", "/documents/*", "/api"):
        body = edited(body, parts(pointer), lambda value: {**value, **extra})
    return {**body, **extra, "meta": 1.5}


def _linked(request: Request, reply: Reply) -> Json:
    return {**reply.body, "_links": {"self": {"href": "/Provider/get"}}}


def _problem(request: Request, reply: Reply) -> Json:
    if reply.action == "ACK":
        return reply.body
    return {**reply.body, "type": "about:blank", "title": reply.message, "status": reply.status}


def _auth(value: Json) -> Callable[[Request, Reply], Json]:
    def change(request: Request, reply: Reply) -> Json:
        later = reply.action == "ACK" and request.action != SIGNUP
        return {**reply.body, "auth": value} if later else reply.body

    return change


def _dated(request: Request, reply: Reply) -> Json:
    dates = {"created": "2026-01-01", "changed": None}
    return (
        edited(reply.body, ("registration",), lambda value: {**value, **dates}) if reply.action == "ACK" else reply.body
    )


def _listing(change: Callable[[list[Json]], list[Json]]) -> Install:
    def install(gateway: Gateway) -> None:
        def render_documents(inner: Any, request: Request, registration: Registration) -> Json:
            return change(inner(request, registration))

        wrap(gateway, "render_documents", render_documents)

    return install


def _documents() -> Iterator[Variation]:
    yield Variation("documents-reversed", "R9", "the newest document comes first", _listing(lambda items: items[::-1]))
    yield Variation(
        "documents-by-name",
        "R9",
        "documents are sorted by their names",
        _listing(lambda items: sorted(items, key=lambda item: (item["name"], item["data"]))),
    )
    yield Variation("documents-id-everywhere", "R8", "documents have their ids in every reply", _rendering(_identified))
    yield Variation(
        "documents-id-null-elsewhere",
        "T12",
        "documents have a null id outside documents/add",
        _rendering(lambda request, document, item: item if "id" in item else {"id": None, **item}),
    )
    yield Variation("documents-id-numbered", "R8", "the documents of a registration are numbered", _numbered)
    yield Variation(
        "get-without-statuses", "R11", "Provider/get gives no statuses of documents and api", _getting(GONE)
    )
    yield Variation(
        "get-null-statuses",
        "R11",
        "Provider/get gives null for statuses of documents and api",
        _getting(None),
    )
    yield Variation(
        "api-status-at-signup-only",
        "R1",
        "api has a status at the signup only, as on the page",
        _as_on_the_page,
    )
    for name, redact, summary in (
        ("stars", lambda data: "***", "stars in the place of data"),
        ("digest", lambda data: hashlib.sha256(data.encode()).hexdigest(), "a digest in the place of data"),
        ("empty", lambda data: "", "an empty text in the place of data"),
    ):
        yield Variation(
            f"documents-redacted-{name}",
            "R10",
            f"replies have {summary}",
            _rendering(_redacted(redact)),
            {"documents_echo": "redacted"},
        )


def _rendering(change: Callable[[Request, Document, dict[str, Json]], Json]) -> Install:
    def install(gateway: Gateway) -> None:
        def render_document(inner: Any, request: Request, document: Document) -> Json:
            return change(request, document, inner(request, document))

        wrap(gateway, "render_document", render_document)

    return install


def _identified(request: Request, document: Document, item: dict[str, Json]) -> Json:
    return {"id": document.id, **item}


def _redacted(redact: Callable[[str], str]) -> Callable[[Request, Document, dict[str, Json]], Json]:
    return lambda request, document, item: {**item, "data": redact(item["data"])}


def _numbered(gateway: Gateway) -> None:
    def render_documents(inner: Any, request: Request, registration: Registration) -> Json:
        items = inner(request, registration)
        return [{**item, "id": str(number)} for number, item in enumerate(items, 1)] if request.action == ADD else items

    wrap(gateway, "render_documents", render_documents)


def _getting(status: Json) -> Install:
    def change(request: Request, reply: Reply) -> Json:
        body = reply.body
        if request.action == GET and reply.action == "ACK":
            for pointer in ("/documents/*/status", "/api/status"):
                body = edited(body, parts(pointer), to(status))
        return body

    return _with_body(change)


def _as_on_the_page(gateway: Gateway) -> None:
    def render_api(inner: Any, request: Request, registration: Registration) -> Json:
        return inner(request, registration) if request.action == SIGNUP else dict(registration.api)

    wrap(gateway, "render_api", render_api)


def _identities() -> Iterator[Variation]:
    numbers = count(1000017)
    for name, step, make, summary in (
        ("id-number", "new_id", lambda: str(next(numbers)), "ids are decimal numbers"),
        ("id-uuid", "new_id", lambda: str(uuid.uuid4()), "ids are UUIDs"),
        (
            "id-urn",
            "new_id",
            lambda: f"urn:beckn:bg/ka.in~{secrets.token_urlsafe(48)}=@(1);v=2",
            "ids are long URNs",
        ),
        (
            "token-long",
            "new_token",
            lambda: f"ey.{secrets.token_hex(900)}.sig",
            "tokens have 1800 characters",
        ),
        ("token-short", "new_token", lambda: secrets.token_hex(6), "tokens have twelve characters"),
        (
            "token-punctuated",
            "new_token",
            lambda: f"v1:{secrets.token_hex(16)}+/=~!",
            "tokens have punctuation",
        ),
    ):
        yield Variation(name, "R2" if step == "new_id" else "H3", summary, _making(step, make))


def _making(step: str, make: Callable[[], str]) -> Install:
    return lambda gateway: wrap(gateway, step, lambda inner: make())


def _expiries() -> Iterator[Variation]:
    forms: Mapping[str, Callable[[Credential], str]] = {
        "offset": lambda given: f"{given.expires:%Y-%m-%dT%H:%M:%S}+00:00",
        "fraction": lambda given: f"{given.expires:%Y-%m-%dT%H:%M:%S.%f}Z",
        "without-zone": lambda given: f"{given.expires:%Y-%m-%dT%H:%M:%S}",
        "date": lambda given: f"{given.expires:%Y-%m-%d}",
        "basic": lambda given: f"{given.expires:%Y%m%dT%H%M%SZ}",
        "epoch": lambda given: str(int(given.expires.timestamp())),
        "epoch-milliseconds": lambda given: str(int(given.expires.timestamp() * 1000)),
        "seconds-left": lambda given: "31536000",
        "text": lambda given: "30 days",
        "http-date": lambda given: f"{given.expires:%a, %d %b %Y %H:%M:%S} GMT",
        "never": lambda given: "never",
    }
    for name, form in forms.items():
        yield Variation(f"exp-{name}", "H4", f"the expiry is written as {name.replace('-', ' ')}", _expiring(form))


def _expiring(form: Callable[[Credential], str]) -> Install:
    def install(gateway: Gateway) -> None:
        def render_auth(inner: Any, credential: Credential) -> Json:
            return {**inner(credential), "exp": form(credential)}

        wrap(gateway, "render_auth", render_auth)

    return install


def _statuses() -> Iterator[Variation]:
    yield Variation(
        "status-names",
        "R5",
        "the gateway has its own words for UPDATE-PENDING and UPDATE-FAIL",
        _renaming({"UPDATE-PENDING": "CHANGE_REQUESTED", "UPDATE-FAIL": "CHANGE_REFUSED"}),
        {"status_names": {"UPDATE-PENDING": "CHANGE_REQUESTED", "UPDATE-FAIL": "CHANGE_REFUSED"}},
    )
    yield Variation(
        "status-names-partial",
        "R6",
        "the gateway has its own word for UPDATE-FAIL",
        _renaming({"UPDATE-FAIL": "update failed"}),
        {"status_names": {"UPDATE-FAIL": "update failed"}},
    )
    yield Variation(
        "status-received",
        "R3",
        "the first status is a word of the gateway's own",
        _first_status("Received (1/3)"),
    )


def _renaming(names: Mapping[str, str]) -> Install:
    return _with_body(
        lambda request, reply: edited(reply.body, ("registration", "status"), lambda status: names.get(status, status))
    )


def _first_status(status: str) -> Install:
    def install(gateway: Gateway) -> None:
        def register(inner: Any, request: Request, credential: Credential) -> Registration:
            registration: Registration = inner(request, credential)
            return replace(registration, status=status)

        wrap(gateway, "register", register)

    return install
