"""Defects in serving at all: paths, crashes, delays, and requests that cannot be read or are large."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from reference_server.defects.defect import Defect
from reference_server.edits import Condition, crashed, in_answer, slug
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Answer, Call, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Registration, digest

Text: TypeAlias = Callable[[bytes], bool]
"""Says whether the text of a request that cannot be read is of a kind."""

_LARGE = 32_768
"""Characters of data from which a document is large; the usual ones are smaller (reading Q10)."""

_MANY = 100
"""Documents from which a list of them is long."""

_DEEP = b"[" * 1000
"""Text that takes a reader that calls itself to its end."""

_TIMEOUT = 1.5
_LATE = 2.5
_NEVER = 600.0
_SHORT = 0.6


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _endpoints()
    yield from _crashes()
    yield from _delays()
    yield from _malformed()
    yield from _large()
    yield from _foreign()
    yield from _harmed()
    yield from _stopped()


def _endpoints() -> Iterator[Defect]:
    for requirement, action, name, path, summary in (
        ("SIGNUP-ENDPOINT", SIGNUP, "lower-case", "/provider/signup", "is served in lower case only"),
        ("SIGNUP-ENDPOINT", SIGNUP, "slash", "/Provider/signup/", "is served with a slash at its end only"),
        ("GET-ENDPOINT", GET, "missing", None, "is not served"),
        ("GET-ENDPOINT", GET, "lower-case", "/provider/get", "is served in lower case only"),
        ("UPDATE-ENDPOINT", UPDATE, "short", "/Provider/update", "is served at /Provider/update"),
        ("UPDATE-ENDPOINT", UPDATE, "missing", None, "is not served"),
        ("DOCUMENTS-ENDPOINT", ADD, "short", "/Provider/documents", "is served at /Provider/documents"),
        ("DOCUMENTS-ENDPOINT", ADD, "lower-case", "/provider/documents/add", "is served in lower case only"),
    ):
        install = _moved(action, path)
        yield Defect(f"{slug(action)}-path-{name}", requirement, action, "", f"the path {action} {summary}", install)


def _moved(action: str, path: str | None) -> Install:
    def install(gateway: Gateway) -> None:
        def operation(inner: Any, asked: str) -> str | None:
            if path is not None and asked.endswith(path):
                return action
            served: str | None = inner(asked)
            return None if served == action else served

        wrap(gateway, "operation", operation)

    return install


def _crashes() -> Iterator[Defect]:
    rows: tuple[tuple[str, str, str, str, Condition, str], ...] = (
        ("get-unknown-crashes", GET, "NACK", "", _for_reason("unknown"), "an unknown registration"),
        ("signup-null-document-crashes", SIGNUP, "NACK", "", _null_document, "a document that is null"),
        ("update-wrong-type-crashes", UPDATE, "NACK", "", _info_not_text, "a member of info that is no text"),
        ("documents-add-foreign-token-crashes", ADD, "NACK", "", _for_reason("foreign"), "a foreign token"),
        ("update-timestamp-crashes", UPDATE, "NACK", "", _for_reason("timestamp"), "an impossible Timestamp"),
    )
    for name, action, outcome, pointer, when, what in rows:
        install = in_answer(action, crashed, outcome, when)
        yield Defect(name, "REPLY-NO-CRASH", action, pointer, f"{action} ends in an exception for {what}", install)


def _for_reason(reason: str) -> Condition:
    return lambda request, reply: reply.reason == reason


def _null_document(request: Request, reply: Reply) -> bool:
    documents = request.body.get("documents")
    return isinstance(documents, list) and None in documents


def _info_not_text(request: Request, reply: Reply) -> bool:
    info = request.body.get("info")
    return isinstance(info, dict) and any(not isinstance(v, str | None) for v in info.values())


def _delays() -> Iterator[Defect]:
    for name, action, when, summary in (
        ("get-unknown-late", GET, _for_reason("unknown"), "an unknown registration is searched for too long"),
        ("update-nack-late", UPDATE, _for_reason("body"), "a faulty update is refused after a pause"),
        ("signup-nack-late", SIGNUP, _for_reason("body"), "a faulty signup is refused after a pause"),
    ):
        yield Defect(name, "REPLY-TIME", action, "", summary, _late(action, when), configuration={"timeout": _TIMEOUT})


def _late(action: str, when: Condition) -> Install:
    def install(gateway: Gateway) -> None:
        async def reply(inner: Any, request: Request) -> Reply:
            given: Reply = await inner(request)
            if request.action == action and when(request, given):
                await asyncio.sleep(_LATE)
            return given

        wrap(gateway, "reply", reply)

    return install


def _starts(*starts: bytes) -> Text:
    return lambda text: text.lstrip().startswith(starts)


def _scalar(text: bytes) -> bool:
    return not text.lstrip().startswith((b"{", b"["))


_KINDS: dict[str, tuple[bool, Text, str]] = {
    "cut-short": (False, _starts(b"{", b"["), "is cut short"),
    "no-json": (False, _scalar, "is no JSON"),
    "array": (True, _starts(b"[", b"{"), "is an array or a scalar"),
}
"""Whether the text is JSON, what it looks like, and what is said of it."""


def _malformed() -> Iterator[Defect]:
    for action, kind in (
        (SIGNUP, "cut-short"),
        (SIGNUP, "array"),
        (GET, "no-json"),
        (UPDATE, "array"),
        (ADD, "cut-short"),
    ):
        json, looks, words = _KINDS[kind]
        yield Defect(
            name=f"{slug(action)}-malformed-{kind}-accepted",
            requirement="MALFORMED-NACK",
            operation=action,
            pointer="",
            summary=f"{action} is acknowledged though the text {words}",
            install=_repairing(action, json, looks),
        )
    for action, kind in ((SIGNUP, "array"), (GET, "cut-short"), (UPDATE, "no-json"), (ADD, "array")):
        json, looks, words = _KINDS[kind]
        yield Defect(
            name=f"{slug(action)}-malformed-{kind}-crashes",
            requirement="MALFORMED-NO-CRASH",
            operation=action,
            pointer="",
            summary=f"{action} ends in an exception when the text {words}",
            install=_crashing_on(action, json, looks),
        )


def _unreadable(action: str, json: bool, looks: Text, call: Call, request: Request) -> bool:
    is_json = request.malformed is not None and "not JSON" not in request.malformed
    return request.action == action and request.malformed is not None and is_json == json and looks(call.body)


def _repairing(action: str, json: bool, looks: Text) -> Install:
    """Carry a request that cannot be read out with what can be made up for it."""

    def install(gateway: Gateway) -> None:
        def read(inner: Any, call: Call) -> Request:
            request: Request = inner(call)
            if not _unreadable(action, json, looks, call, request):
                return request
            header = {"Action": action, "Timestamp": "2019-09-13T14:31:54", **request.header}
            return Request(action, header, _made_up(gateway, request))

        wrap(gateway, "read", read)

    return install


def _made_up(gateway: Gateway, request: Request) -> dict[str, Json]:
    owner = gateway.store.owner(digest(request.token))
    if owner is not None:
        return {"registration": {"id": owner.id}, "info": dict(owner.info), "documents": []}
    info = {"name": "?", "phone": "+0-0", "email": "?@?", "company_id": "?"}
    return {"info": info, "documents": [], "api": {"endpoint_url": "https://unknown.invalid/"}}


def _crashing_on(action: str, json: bool, looks: Text) -> Install:
    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            given: Answer = await inner(call)
            return crashed(given) if _unreadable(action, json, looks, call, gateway.read(call)) else given

        wrap(gateway, "answer", answer)

    return install


def _large() -> Iterator[Defect]:
    for action in (SIGNUP, ADD):
        yield Defect(
            name=f"{slug(action)}-large-crashes",
            requirement="LARGE-ANSWERED",
            operation=action,
            pointer="/documents/*/data",
            summary=f"{action} ends in an exception for a document that is too long for its column",
            install=_failing(action, _is_large),
        )
    yield Defect(
        name="documents-add-large-late",
        requirement="LARGE-ANSWERED",
        operation=ADD,
        pointer="/documents/*/data",
        summary="a large document is added so slowly that nobody waits for it",
        install=_late(ADD, lambda request, reply: _is_large(request)),
        consequences=frozenset({"REPLY-TIME"}),
        configuration={"timeout": _TIMEOUT},
    )

    yield Defect(
        name="documents-add-many-crashes",
        requirement="LARGE-ANSWERED",
        operation=ADD,
        pointer="/documents",
        summary="a list of more documents than one statement takes ends in an exception",
        install=_failing(ADD, _is_many),
    )


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
        async def reply(inner: Any, request: Request) -> Reply:
            if request.action == action and when(request):
                return gateway.refuse(request, "failed", "out of memory")
            given: Reply = await inner(request)
            return given

        wrap(gateway, "reply", reply)
        in_answer(action, crashed, "NACK", _for_reason("failed"))(gateway)

    return install


def _foreign() -> Iterator[Defect]:
    for action in (SIGNUP, UPDATE):
        yield Defect(
            name=f"{slug(action)}-method-crashes",
            requirement="ROBUST-NO-CRASH",
            operation=action,
            pointer="",
            summary=f"{action} by another method ends in an exception",
            install=_crashing_on_method(action),
        )
    for action in (UPDATE, ADD):
        yield Defect(
            name=f"{slug(action)}-form-crashes",
            requirement="ROBUST-NO-CRASH",
            operation=action,
            pointer="",
            summary=f"{action} ends in an exception where the media type is that of a form, and nothing was parsed",
            install=_crashing_on_form(action),
        )


def _crashing_on_method(action: str) -> Install:
    def install(gateway: Gateway) -> None:
        def turn_away(inner: Any, asked: str | None, method: str) -> Answer:
            answer: Answer = inner(asked, method)
            return crashed(answer) if asked == action else answer

        wrap(gateway, "turn_away", turn_away)

    return install


def _crashing_on_form(action: str) -> Install:
    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            if call.action == action and "form" in call.headers.get("content-type", ""):
                return crashed(Answer(200, (), b""))
            given: Answer = await inner(call)
            return given

        wrap(gateway, "answer", answer)

    return install


def _harmed() -> Iterator[Defect]:
    yield Defect(
        name="info-update-malformed-applied",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/info/name",
        summary="an update that is cut short is refused, and what could be read of it is kept",
        install=_touching(UPDATE, _renamed),
    )
    yield Defect(
        name="documents-add-malformed-wipes",
        requirement="SIGNUP-DOCUMENTS-KEPT",
        operation=GET,
        pointer="/documents",
        summary="an addition that cannot be read is refused, and the documents that were there are gone",
        install=_touching(ADD, lambda registration, text: replace(registration, documents=())),
    )
    yield Defect(
        name="signup-malformed-blocks-signups",
        requirement="SIGNUP-ACK",
        operation=SIGNUP,
        pointer="",
        summary="a signup that cannot be read leaves a transaction open, and all signups after it are refused",
        install=_blocking,
    )


def _touching(action: str, change: Callable[[Registration, bytes], Registration]) -> Install:
    """Change the registration of a token's owner by a call that cannot be read, and refuse it nevertheless."""

    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            request = gateway.read(call)
            owner = gateway.store.owner(digest(request.token))
            if request.malformed is not None and request.action == action and owner is not None:
                gateway.store.change(owner.id, lambda current: change(current, call.body))
            given: Answer = await inner(call)
            return given

        wrap(gateway, "answer", answer)

    return install


def _renamed(registration: Registration, text: bytes) -> Registration:
    found = re.search(rb'"name": ?"([^"]+)', text)
    if found is None:
        return registration
    return replace(registration, info={**registration.info, "name": found[1].decode("utf-8", "replace")})


def _blocking(gateway: Gateway) -> None:
    open_since: list[Request] = []

    async def reply(inner: Any, request: Request) -> Reply:
        if request.action == SIGNUP and request.malformed is not None:
            open_since.append(request)
        elif request.action == SIGNUP and open_since:
            return gateway.refuse(request, "blocked", "a transaction is open")
        given: Reply = await inner(request)
        return given

    wrap(gateway, "reply", reply)


def _stopped() -> Iterator[Defect]:
    for name, action, when, summary in (
        ("deep-nesting", None, lambda call: _DEEP in call.body, "a text that is nested deeply"),
        ("cut-short", UPDATE, _is_cut_short, "an update that is cut short"),
        ("large", ADD, lambda call: len(call.body) > 1_000_000, "a document of a megabyte"),
    ):
        yield Defect(
            name=f"{name}-stops-gateway",
            requirement="ROBUST-LIVES-ON",
            operation=GET,
            pointer="",
            summary=f"after {summary} no call is answered any more",
            install=_stopping(action, when),
            consequences=frozenset({"REPLY-TIME", "LARGE-ANSWERED"}),
            configuration={"timeout": _SHORT, "patience": _SHORT},
        )


def _is_cut_short(call: Call) -> bool:
    return call.body.startswith(b"{") and not call.body.rstrip().endswith(b"}")


def _stopping(action: str | None, when: Callable[[Call], bool]) -> Install:
    """Answer nobody any more after a call."""

    def install(gateway: Gateway) -> None:
        stopped: list[Call] = []

        async def answer(inner: Any, call: Call) -> Answer:
            if action in (None, call.action) and when(call):
                stopped.append(call)
            if stopped:
                await asyncio.sleep(_NEVER)
            given: Answer = await inner(call)
            return given

        wrap(gateway, "answer", answer)

    return install
