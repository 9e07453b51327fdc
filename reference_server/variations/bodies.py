"""Fair bodies of replies: errors in other forms, further members, other ids, other notations."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, Variation, installing, replaces
from reference_server.planting.edits import GONE, Change, edited, parts, to
from reference_server.planting.steps import Rendering, finishing, giving, now
from reference_server.registration import Credential, Document, Registration

Shown = dict[str, Json]
_NUMBERS = count(1000017)


def variations() -> Iterator[Variation]:
    yield from _errors()
    yield from _extras()
    yield from _documents()
    yield from _identities()
    yield from _statuses()


# NACKs.


@installing
def _refusing(gateway: Gateway, change: Callable[[Gateway, Request, Faults], Faults]) -> None:
    """Say something else about the faults of a body."""

    @replaces(gateway)
    def render_faults(inner: Rendering, request: Request, faults: Faults) -> Json:
        return inner(request, change(gateway, request, faults))


def _errors() -> Iterator[Variation]:
    for name, reading, change, words in (
        ("null", "R14", _filled(None), "a NACK has null for each sound field"),
        ("empty", "R14", _filled(""), "a NACK has an empty text for each sound field"),
        ("beneath", "R14", _spread(None), "what is wrong with a whole object is said of its members"),
        ("at-first-member", "R14", _spread(1), "what is wrong with a whole object is said of one member"),
        ("registration-only", "R14", _registration_only, "a faulty registration is the only fault that is named"),
        ("long", "R18", _long, "messages at fields are long"),
        ("same", "R18", _same, "all messages at fields are the same word"),
    ):
        yield Variation(f"errors-{name}", reading, words, _refusing(change))
    for name, reading, order, words in (
        ("empty-objects", "R14", _filling({}), "a sound document is an empty object in a list of errors"),
        ("empty-texts", "R14", _filling(""), "a sound document is an empty text in a list of errors"),
        ("compact", "R15", _compact, "the list of document errors has the faulty ones only"),
        ("indexed", "R15", _indexed, "the errors of a faulty document come with its index, a number"),
    ):
        yield Variation(f"document-errors-{name}", reading, words, giving("render_faults", _of_documents(order)))


def _filled(filler: str | None) -> Callable[[Gateway, Request, Faults], Faults]:
    """Fill the slots of fields that are sound."""

    def change(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        if not faults:
            return faults
        told = dict(faults)
        for section, member in gateway.specification.requests[request.action].members.items():
            if (section,) in faults or (section == "registration" and request.action == UPDATE):
                continue
            for name in member.members:
                told.setdefault((section, name), filler)
        return told

    return change


def _spread(limit: int | None) -> Callable[[Gateway, Request, Faults], Faults]:
    """Blame the members of an object, so many at most, for what is wrong with the whole of it."""

    def change(gateway: Gateway, request: Request, faults: Faults) -> Faults:
        told: dict[Place, Json] = {}
        for place, message in faults.items():
            shape = gateway.specification.requests[request.action].members[str(place[0])]
            if len(place) == 2 and isinstance(place[1], int) and shape.items is not None:
                names = list(shape.items.members)[:limit]
            else:
                names = list(shape.members)[:limit] if len(place) == 1 else []
            told |= {(*place, name): message for name in names} if names else {place: message}
        return told

    return change


def _registration_only(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return {place: message for place, message in faults.items() if place[0] == "registration"} or faults


def _long(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return {place: f"{message}. " * 40 for place, message in faults.items()}


def _same(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    return dict.fromkeys(faults, "invalid")


def _filling(nothing: Json) -> Callable[[list[Json]], list[Json]]:
    return lambda items: [nothing if item is None else item for item in items]


def _compact(items: list[Json]) -> list[Json]:
    return [item for item in items if item is not None]


def _indexed(items: list[Json]) -> list[Json]:
    errors = [{"name": item} if isinstance(item, str) else item for item in items]
    return [{**error, "index": n} if isinstance(error, dict) else None for n, error in enumerate(errors)]


def _of_documents(change: Callable[[list[Json]], list[Json]]) -> Callable[..., Shown]:
    def changed(body: Shown, *_: object) -> Shown:
        errors = body.get("documents")
        return {**body, "documents": change(errors)} if isinstance(errors, list) else body

    return changed


# Bodies as a whole.


def _with_body(change: Callable[[Request, Reply], Json]) -> Install:
    return finishing(lambda request, reply: replace(reply, body=change(request, reply)))


def _in_acks(pointers: tuple[str, ...], change: Change, *actions: str) -> Install:
    """Change members of the bodies of ACKs, of all operations unless some are given."""

    def changed(request: Request, reply: Reply) -> Json:
        body = reply.body
        if reply.action == "ACK" and request.action in (actions or (request.action,)):
            for pointer in pointers:
                body = edited(body, parts(pointer), change)
        return body

    return _with_body(changed)


def _adding(more: Shown) -> Change:
    return lambda value: {**value, **more} if isinstance(value, dict) else value


def _extras() -> Iterator[Variation]:
    dates = _adding({"created": "2026-01-01", "changed": None})
    links = _adding({"_links": {"self": {"href": "/Provider/get"}}})
    no_auth, later = _adding({"auth": None}), (GET, UPDATE, ADD)
    for name, reading, words, install in (
        ("body-extra", "T11", "bodies have further members at every level", _with_body(_extended)),
        ("body-links", "T11", "bodies have links", _with_body(lambda request, reply: links(reply.body))),
        ("errors-problem", "T11", "a NACK is a problem document too", _with_body(_problem)),
        ("auth-null-later", "T12", "replies after the signup have null for auth", _in_acks(("",), no_auth, *later)),
        ("registration-dates", "T11", "a registration has its dates", _in_acks(("/registration",), dates)),
    ):
        yield Variation(name, reading, words, install)


def _extended(request: Request, reply: Reply) -> Json:
    extra = {"x": {"y": [1, None, True]}, "": 1, "*": [1], "0": {"": None}, "a/b": 12345678901234567890123}
    if reply.action == "NACK":
        body = edited(reply.body, ("registration",), _adding(extra))
        return {**body, "errors": [{"code": 1, "text": reply.message}], "request": "r-1"}
    body = reply.body
    for pointer in ("/registration", "/info", "/documents/*", "/api"):
        body = edited(body, parts(pointer), _adding(extra))
    return {**body, **extra, "meta": 1.5}


def _problem(request: Request, reply: Reply) -> Json:
    if reply.action == "ACK":
        return reply.body
    return {**reply.body, "type": "about:blank", "title": reply.message, "status": reply.status}


# Documents.


def _documents() -> Iterator[Variation]:
    document, documents = "render_document", "render_documents"
    for name, reading, words, install in (
        ("documents-reversed", "R9", "the newest document comes first", giving(documents, _newest_first)),
        ("documents-by-name", "R9", "documents are sorted by their names", giving(documents, _by_name)),
        ("documents-wrapped", "R10", "data comes in lines of 76 characters", giving(document, _wrapped)),
        ("documents-id-everywhere", "R8", "documents have their ids in every reply", giving(document, _identified)),
        ("documents-id-null-elsewhere", "T12", "documents without an id have a null one", giving(document, _null_id)),
        ("documents-id-numbered", "R8", "the documents of a registration are numbered", giving(documents, _numbered)),
        ("get-without-statuses", "R11", "Provider/get gives registrations a status only", _getting_status(GONE)),
        ("get-null-statuses", "R11", "Provider/get gives null for other statuses", _getting_status(None)),
        ("api-status-at-signup-only", "R1", "api has a status at signup only", giving("render_api", _as_on_the_page)),
    ):
        yield Variation(name, reading, words, install)
    for name, redact, words in (
        ("stars", lambda data: "***", "stars in the place of data"),
        ("digest", lambda data: hashlib.sha256(data.encode()).hexdigest(), "a digest in the place of data"),
        ("empty", lambda data: "", "an empty text in the place of data"),
    ):
        install = giving(document, _redacted(redact))
        yield Variation(
            f"documents-redacted-{name}", "R10", f"replies have {words}", install, {"documents_echo": "redacted"}
        )
    words = "replies have stars in the place of data, and the newest document first"
    install = giving("render_documents", _redacted_newest_first)
    yield Variation("documents-redacted-newest-first", "R9", words, install, {"documents_echo": "redacted"})
    words = "info is kept in the Unicode normal form KC"
    yield Variation("info-compatible", "R10", words, giving("render_info", _compatible))


def _newest_first(items: list[Shown], *_: object) -> list[Shown]:
    return items[::-1]


def _wrapped(item: Shown, *_: object) -> Shown:
    return {**item, "data": "\r\n".join(re.findall(".{1,76}", item["data"]))}


def _null_id(item: Shown, *_: object) -> Shown:
    return {"id": None, **item}


def _getting_status(status: Json) -> Install:
    return _in_acks(("/documents/*/status", "/api/status"), to(status), GET)


def _by_name(items: list[Shown], *_: object) -> list[Shown]:
    return sorted(items, key=lambda item: (item["name"], item["data"]))


def _redacted_newest_first(items: list[Shown], *_: object) -> list[Shown]:
    return [{**item, "data": "***"} for item in reversed(items)]


def _compatible(info: Shown, *_: object) -> Shown:
    return {k: unicodedata.normalize("NFKC", v) if isinstance(v, str) else v for k, v in info.items()}


def _identified(item: Shown, request: Request, document: Document) -> Shown:
    return {"id": document.id, **item}


def _redacted(redact: Callable[[str], str]) -> Callable[..., Shown]:
    return lambda item, *_: {**item, "data": redact(item["data"])}


def _numbered(items: list[Shown], request: Request, registration: Registration) -> list[Shown]:
    return [{**item, "id": str(number)} for number, item in enumerate(items, 1)] if request.action == ADD else items


def _as_on_the_page(api: Shown, request: Request, registration: Registration) -> Shown:
    return api if request.action == SIGNUP else dict(registration.api)


# Ids, tokens and their expiry.

_EXPIRIES: Mapping[str, Callable[[Credential], str]] = {
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


def _identities() -> Iterator[Variation]:
    for name, step, make, words in (
        ("id-number", "new_id", lambda _: str(next(_NUMBERS)), "ids are decimal numbers"),
        ("id-uuid", "new_id", lambda _: str(uuid.uuid4()), "ids are UUIDs"),
        ("id-urn", "new_id", _urn, "ids are long URNs"),
        ("token-long", "new_token", lambda _: f"ey.{secrets.token_hex(900)}.sig", "tokens have 1800 characters"),
        ("token-short", "new_token", lambda _: secrets.token_hex(6), "tokens have twelve characters"),
        ("token-punctuated", "new_token", lambda _: f"v1:{secrets.token_hex(16)}+/=~!", "tokens have punctuation"),
    ):
        yield Variation(name, "R2" if step == "new_id" else "H3", words, giving(step, make))
    for name, form in _EXPIRIES.items():
        words = f"the expiry is written as {name.replace('-', ' ')}"
        yield Variation(f"exp-{name}", "H4", words, giving("render_auth", _expiring(form)))

    yield Variation("tokens-short-lived", "H4", "a token is good for 45 seconds", _short_lived)


def _urn(_: str) -> str:
    return f"urn:beckn:bg/ka.in~{secrets.token_urlsafe(48)}=@(1);v=2"


def _short_lived(gateway: Gateway) -> None:
    gateway.validity = timedelta(seconds=45)
    began = time.time() - time.monotonic()
    # The clock of a loop may leap.
    giving("now", lambda _: datetime.fromtimestamp(began + now(), UTC))(gateway)


def _expiring(form: Callable[[Credential], str]) -> Callable[[Shown, Credential], Shown]:
    return lambda auth, credential: {**auth, "exp": form(credential)}


# Statuses.


def _statuses() -> Iterator[Variation]:
    both = {"UPDATE-PENDING": "CHANGE_REQUESTED", "UPDATE-FAIL": "CHANGE_REFUSED"}
    fail = {"UPDATE-FAIL": "update failed"}
    for name, reading, names, words in (
        ("status-names", "R5", both, "the gateway has its own words for UPDATE-PENDING and UPDATE-FAIL"),
        ("status-names-partial", "R6", fail, "the gateway has its own word for UPDATE-FAIL"),
    ):
        yield Variation(name, reading, words, _renaming(names), {"status_names": names})
    words = "the first status is a word of the gateway's own"
    install = giving("register", lambda registration, *_: replace(registration, status="Received (1/3)"))
    yield Variation("status-received", "R3", words, install)


def _renaming(names: Mapping[str, str]) -> Install:
    return _with_body(
        lambda request, reply: edited(reply.body, ("registration", "status"), lambda status: names.get(status, status))
    )
