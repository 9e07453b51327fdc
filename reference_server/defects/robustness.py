"""Defects in serving at all: crashes, delays, and requests that cannot be read or are large."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Answer, Call, Json, Reply, Request
from reference_server.planting import Defect, Family, Install, defect, installing, replaces, steps
from reference_server.planting.edits import short
from reference_server.registration import Document, Registration, digest

Text: TypeAlias = Callable[[bytes], bool]
"""Returns whether the text of a request that cannot be read is of a kind."""

_LARGE = 32_768
"""Characters of data from which a document is large; the usual ones are smaller (reading Q10)."""
_TEXT = 65_535
"""Bytes that a column of the type TEXT holds in some databases."""
_MANY = 100
"""Documents from which a list of them is long."""

_TIMEOUT = 1.5
_LATE = 2.5
_NEVER = 600.0
_SHORT = 0.6
_SLOW = {"timeout": _TIMEOUT}
_CRASH = steps.crashed(Answer(200, (), b""))

_FAMILY = Family()


def defects() -> Iterator[Defect]:
    yield from _crashes()
    yield from _delays()
    yield from _malformed()
    yield from _large()
    yield from _cut()
    yield from _stopped()
    yield from _FAMILY()


def _crashes() -> Iterator[Defect]:
    rows: list[tuple[str, str, steps.Condition, str]] = [
        ("signup-null-document-crashes", SIGNUP, _null_document, "a document that is null"),
        ("update-wrong-type-crashes", UPDATE, _info_not_text, "a member of info that is no text"),
    ]
    for action in (SIGNUP, GET, UPDATE, ADD):
        for reason, what in (
            ("unknown", "an unknown registration"),
            ("foreign-token", "a foreign token"),
            ("timestamp", "an impossible Timestamp"),
        ):
            if action != SIGNUP or reason == "timestamp":
                condition = steps.for_reason(reason.removesuffix("-token"))
                rows.append((f"{short(action)}-{reason}-crashes", action, condition, what))
        words, install = f"{action} by another method ends in an exception", _crashing_on_method(action)
        yield defect(f"{short(action)}-method-crashes", "ROBUST-NO-CRASH", action, "", words, install)
    for action in (UPDATE, ADD):
        words = f"{action} ends in an exception where the media type is that of a form, and nothing was parsed"
        install = steps.answering(_is_form(action), _CRASH)
        yield defect(f"{short(action)}-form-crashes", "ROBUST-NO-CRASH", action, "", words, install)
    for name, action, when, what in rows:
        install = steps.in_answer(action, steps.crashed, "NACK", when)
        yield defect(name, "REPLY-NO-CRASH", action, "", f"{action} ends in an exception for {what}", install)


def _null_document(request: Request, reply: Reply) -> bool:
    documents = request.body.get("documents")
    return isinstance(documents, list) and None in documents


def _info_not_text(request: Request, reply: Reply) -> bool:
    info = request.body.get("info")
    return isinstance(info, dict) and any(not isinstance(v, str | None) for v in info.values())


def _is_form(action: str) -> Callable[[Call], bool]:
    return lambda call: call.action == action and "form" in call.headers.get("content-type", "")


@installing
def _crashing_on_method(gateway: Gateway, action: str) -> None:
    @replaces(gateway)
    def turn_away(inner: Callable[[str | None, str], Answer], asked: str | None, method: str) -> Answer:
        return _CRASH if asked == action else inner(asked, method)


def _delays() -> Iterator[Defect]:
    for name, action, when, summary in (
        ("get-unknown-late", GET, steps.for_reason("unknown"), "an unknown registration is searched for too long"),
        ("update-nack-late", UPDATE, steps.for_reason("body"), "a faulty update is refused after a pause"),
        ("signup-nack-late", SIGNUP, steps.for_reason("body"), "a faulty signup is refused after a pause"),
    ):
        yield defect(name, "REPLY-TIME", action, "", summary, _late(action, when), configuration=_SLOW)


@installing
def _late(gateway: Gateway, action: str, when: steps.Condition) -> None:
    @replaces(gateway)
    async def reply(inner: steps.Replying, request: Request) -> Reply:
        given = await inner(request)
        if request.action == action and when(request, given):
            await asyncio.sleep(_LATE)
        return given


# Requests that cannot be read.


def _starts(*starts: bytes) -> Text:
    return lambda text: text.lstrip().startswith(starts)


_KINDS: dict[str, tuple[bool, Text, str]] = {
    "cut-short": (False, _starts(b"{", b"["), "is cut short"),
    "no-json": (False, lambda text: not text.lstrip().startswith((b"{", b"[")), "is no JSON"),
    "array": (True, _starts(b"[", b"{"), "is an array or a scalar"),
}
"""Whether the text is JSON, what it looks like, and the words for it."""


def _malformed() -> Iterator[Defect]:
    for action in (SIGNUP, GET, UPDATE, ADD):
        for kind, (json, looks, words) in _KINDS.items():
            for name, requirement, says, install in (
                ("accepted", "MALFORMED-NACK", "is acknowledged though", _repairing(action, json, looks)),
                ("crashes", "MALFORMED-NO-CRASH", "ends in an exception when", _crashing_on(action, json, looks)),
            ):
                summary = f"{action} {says} the text {words}"
                yield defect(f"{short(action)}-malformed-{kind}-{name}", requirement, action, "", summary, install)


def _unreadable(action: str, json: bool, looks: Text, call: Call, request: Request) -> bool:
    is_json = request.malformed is not None and "not JSON" not in request.malformed
    return request.action == action and request.malformed is not None and is_json == json and looks(call.body)


@installing
def _repairing(gateway: Gateway, action: str, json: bool, looks: Text) -> None:
    """Carry a request that cannot be read out with what can be made up for it."""

    @replaces(gateway)
    def read(inner: steps.Reading, call: Call) -> Request:
        request = inner(call)
        if not _unreadable(action, json, looks, call, request):
            return request
        header = {"Action": action, "Timestamp": "2019-09-13T14:31:54", **request.header}
        return Request(action, header, _made_up(gateway, request))


def _made_up(gateway: Gateway, request: Request) -> dict[str, Json]:
    owner = gateway.store.owner(digest(request.token))
    if owner is not None:
        return {"registration": {"id": owner.id}, "info": dict(owner.info), "documents": []}
    info = {"name": "?", "phone": "+0-0", "email": "?@?", "company_id": "?"}
    return {"info": info, "documents": [], "api": {"endpoint_url": "https://unknown.invalid/"}}


@installing
def _crashing_on(gateway: Gateway, action: str, json: bool, looks: Text) -> None:
    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        given = await inner(call)
        return _CRASH if _unreadable(action, json, looks, call, gateway.read(call)) else given


# Documents that are large, or many.


def _large() -> Iterator[Defect]:
    data = "/documents/*/data"
    for name, action, pointer, when, words in (
        ("signup-large", SIGNUP, data, _is_large, "a document that is too long for its column"),
        ("documents-add-large", ADD, data, _is_large, "a document that is too long for its column"),
        ("documents-add-many", ADD, "/documents", _is_many, "a list of more documents than one statement takes"),
    ):
        summary = f"{action} ends in an exception for {words}"
        yield defect(f"{name}-crashes", "LARGE-ANSWERED", action, pointer, summary, _failing(action, when))
    name, words = "documents-add-large-late", "a large document is added so slowly that nobody waits for it"
    install = _late(ADD, lambda request, reply: _is_large(request))
    yield defect(name, "LARGE-ANSWERED", ADD, data, words, install, "REPLY-TIME", configuration=_SLOW)


def _is_many(request: Request) -> bool:
    documents = request.body.get("documents")
    return isinstance(documents, list) and len(documents) > _MANY


def _is_large(request: Request) -> bool:
    documents = request.body.get("documents")
    if not isinstance(documents, list):
        return False
    data = (document.get("data") for document in documents if isinstance(document, dict))
    return any(isinstance(text, str) and len(text) > _LARGE for text in data)


def _failing(action: str, when: Callable[[Request], bool]) -> Install:
    """Fail before anything is stored."""

    def install(gateway: Gateway) -> None:
        @replaces(gateway)
        async def reply(inner: steps.Replying, request: Request) -> Reply:
            if request.action == action and when(request):
                return gateway.refuse(request, "failed", "out of memory")
            return await inner(request)

    return steps.both(install, steps.in_answer(action, steps.crashed, "NACK", steps.for_reason("failed")))


def _cut() -> Iterator[Defect]:
    """Documents that are too long for a column or a buffer (reading Q10)."""
    later = ("GET-ROUND-TRIP", "UPDATE-KEEPS-REST", "DOCUMENTS-LISTED", "DOCUMENTS-ECHO", "LARGE-KEPT")
    words = "data of documents is cut after {:,} characters, without a word"
    data = "/documents/*/data"
    for action, requirement, size in ((SIGNUP, "SIGNUP-ECHO", 4096), (ADD, "DOCUMENTS-ECHO", 8192)):
        name = f"{requirement.lower()}-data-cut-at-{size}"
        yield defect(name, requirement, action, data, words.format(size), _keeping(action, _first(size)), *later)
    summary = "Provider/get shows no more than 16,384 characters of a document"
    install = steps.in_ack(GET, data, _first(16_384))
    yield defect("get-data-cut-at-16384", "GET-ROUND-TRIP", GET, data, summary, install, *later)
    install = _keeping(SIGNUP, _first(_TEXT))
    yield defect("signup-large-cut", "LARGE-KEPT", GET, data, words.format(_TEXT), install)
    summary = "an addition of a large document is acknowledged and not stored"
    install = _keeping(ADD, lambda data: None if len(data) > _LARGE else data)
    yield defect("documents-add-large-dropped", "LARGE-KEPT", GET, "/documents", summary, install)


def _first(size: int) -> Callable[[str], str]:
    return lambda data: data[:size]


def _keeping(action: str, change: Callable[[str], str | None]) -> Install:
    """Store the data of new documents in another form, or not at all."""

    def kept(documents: tuple[Document, ...], request: Request) -> tuple[Document, ...]:
        if request.action != action:
            return documents
        changed = ((document, change(document.members["data"])) for document in documents)
        return tuple(
            replace(document, members={**document.members, "data": data})
            for document, data in changed
            if data is not None
        )

    return steps.giving("new_documents", kept)


# What a refused call leaves behind.


@installing
def _touching(gateway: Gateway, action: str, change: Callable[[Registration, bytes], Registration]) -> None:
    """Change the registration of a token's owner by a call that cannot be read, and refuse it nevertheless."""

    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        request = gateway.read(call)
        owner = gateway.store.owner(digest(request.token))
        if request.malformed is not None and request.action == action and owner is not None:
            gateway.store.change(owner.id, lambda current: change(current, call.body))
        return await inner(call)


@_FAMILY.plants("info-update-malformed-applied", "GET-ROUND-TRIP", GET, "/info/name")
def _(gateway: Gateway) -> None:
    """An update that is cut short is refused, and what could be read of it is kept."""

    def renamed(registration: Registration, text: bytes) -> Registration:
        found = re.search(rb'"name": ?"([^"]+)', text)
        if found is None:
            return registration
        return replace(registration, info={**registration.info, "name": found[1].decode("utf-8", "replace")})

    _touching(UPDATE, renamed)(gateway)


@_FAMILY.plants("documents-add-malformed-wipes", "SIGNUP-DOCUMENTS-KEPT", GET, "/documents")
def _(gateway: Gateway) -> None:
    """An addition that cannot be read is refused, and the documents that were there are gone."""
    _touching(ADD, lambda registration, text: replace(registration, documents=()))(gateway)


@_FAMILY.plants("signup-malformed-blocks-signups", "SIGNUP-ACK", SIGNUP, "")
def _(gateway: Gateway) -> None:
    """A signup that cannot be read leaves a transaction open, and all signups after it are refused."""
    open_since: list[Request] = []

    @replaces(gateway)
    async def reply(inner: steps.Replying, request: Request) -> Reply:
        if request.action == SIGNUP and request.malformed is not None:
            open_since.append(request)
        elif request.action == SIGNUP and open_since:
            return gateway.refuse(request, "blocked", "a transaction is open")
        return await inner(request)


def _stopped() -> Iterator[Defect]:
    name, words = "large-stops-gateway", "after a document of a megabyte no call is answered any more"
    also, short_of_time = ("REPLY-TIME", "LARGE-ANSWERED"), {"timeout": _SHORT, "patience": _SHORT}
    install = _stopping(ADD, lambda call: len(call.body) > 1_000_000)
    yield defect(name, "ROBUST-LIVES-ON", GET, "", words, install, *also, configuration=short_of_time)


@installing
def _stopping(gateway: Gateway, action: str, when: Callable[[Call], bool]) -> None:
    """Stop answering after a call."""
    stopped: list[Call] = []

    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        if call.action == action and when(call):
            stopped.append(call)
        if stopped:
            await asyncio.sleep(_NEVER)
        return await inner(call)
