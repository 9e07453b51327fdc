"""Fair ways to write a reply."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reference_server.binding import EnvelopeBinding
from reference_server.edits import writing
from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Answer, Call, Json, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.variations.variation import Variation


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    yield from _statuses()
    yield from _media_types()
    yield from _transports()
    yield from _texts()
    yield from _headers()
    yield from _unreadable()


def _finishing(change: Callable[[Request, Reply], Reply]) -> Install:
    def install(gateway: Gateway) -> None:
        def finish(inner: Any, request: Request, reply: Reply) -> Reply:
            return change(request, inner(request, reply))

        wrap(gateway, "finish", finish)

    return install


def _statuses() -> Iterator[Variation]:
    for name, outcome, statuses, summary in (
        ("ack-created", "ACK", {SIGNUP: 201}, "a signup is answered with 201"),
        ("ack-accepted", "ACK", {SIGNUP: 202, UPDATE: 202, ADD: 202}, "whatever waits is answered with 202"),
        ("nack-ok", "NACK", {}, "a NACK comes with 200"),
        ("nack-unprocessable", "NACK", {}, "a NACK comes with 422"),
        ("nack-conflict", "NACK", {}, "a NACK comes with 409"),
    ):
        default = {"nack-ok": 200, "nack-unprocessable": 422, "nack-conflict": 409}.get(name)
        yield Variation(name, "T6", summary, _finishing(_with_status(outcome, statuses, default)))
    reasons = {"unknown": 404, "token": 401, "foreign": 403, "timestamp": 422, "action": 422}
    yield Variation(
        name="nack-status-by-reason",
        reading="T6",
        summary="a NACK comes with 401, 403, 404, 422 or 400, depending on what is wrong",
        install=_finishing(lambda _, reply: replace(reply, status=reasons.get(reply.reason, reply.status))),
    )


def _with_status(outcome: str, by_action: Mapping[str, int], default: int | None) -> Callable[[Request, Reply], Reply]:
    def change(request: Request, reply: Reply) -> Reply:
        status = by_action.get(request.action, default or reply.status)
        return replace(reply, status=status) if reply.action == outcome else reply

    return change


def _media_types() -> Iterator[Variation]:
    for name, media_type in (
        ("charset", "application/json; charset=utf-8"),
        ("hal", "application/hal+json"),
        ("upper-case", "APPLICATION/JSON;CHARSET=UTF-8"),
        ("problem", "application/vnd.beckn.gateway+json; version=1"),
    ):
        summary = f"replies are declared as {media_type}"
        yield Variation(f"media-type-{name}", "T7", summary, writing(_declared(media_type)))


def _declared(media_type: str) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        others = [field for field in answer.headers if field[0] != "content-type"]
        return replace(answer, headers=(("Content-Type", media_type), *others))

    return change


def _transports() -> Iterator[Variation]:
    yield Variation(
        "reply-chunked",
        "T11",
        "replies are sent in chunks",
        writing(lambda answer: replace(answer, streamed=True)),
    )
    yield Variation(
        "reply-closes-connection",
        "T11",
        "the connection is closed after each reply",
        writing(lambda answer: replace(answer, headers=(*answer.headers, ("connection", "close")))),
    )
    for coding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        summary = f"replies are sent with {coding} to who accepts it"
        yield Variation(f"reply-{coding}", "T11", summary, _compressing(coding, compress))
    yield Variation(
        "reply-fields-of-proxy",
        "T11",
        "a proxy adds fields to every reply",
        writing(
            lambda answer: replace(
                answer,
                headers=(*answer.headers, ("Via", "1.1 proxy"), ("X-Request-Id", "7"), ("Set-Cookie", "a=b")),
            )
        ),
    )


def _compressing(coding: str, compress: Callable[[bytes], bytes]) -> Install:
    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            given: Answer = await inner(call)
            if coding not in call.headers.get("accept-encoding", ""):
                return given
            headers = (*given.headers, ("content-encoding", coding), ("vary", "accept-encoding"))
            return replace(given, headers=headers, body=compress(given.body))

        wrap(gateway, "answer", answer)

    return install


def _texts() -> Iterator[Variation]:
    for name, reading, summary, change in (
        (
            "reply-byte-order-mark",
            "T8",
            "replies start with a byte order mark",
            lambda body: b"\xef\xbb\xbf" + body,
        ),
        ("reply-indented", "T8", "replies are indented and end with a line feed", _indented),
        ("reply-escaped", "T8", "replies are JSON in ASCII", _escaped),
        ("reply-sorted", "T8", "members of replies are in alphabetical order", _sorted),
    ):
        yield Variation(name, reading, summary, writing(_rebodied(change)))


def _rebodied(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=change(answer.body))


def _indented(body: bytes) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode() + b"\n"


def _escaped(body: bytes) -> bytes:
    return json.dumps(json.loads(body)).encode()


def _sorted(body: bytes) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True).encode()


def _headers() -> Iterator[Variation]:
    for name, spell in (("upper-case", str.upper), ("capitalized", str.capitalize)):
        yield Variation(
            f"reply-header-{name}",
            "T9",
            f"the members of a reply's header are {spell('action')} and {spell('message')}",
            _finishing(_spelled(spell)),
        )
    yield Variation(
        "reply-envelope-capitalized",
        "T4",
        "the envelope of a reply has the members Header and Body",
        _envelope_capitalized,
        {"binding": "envelope"},
    )
    yield Variation(
        "reply-header-extra",
        "T11",
        "the header of a reply has more members",
        _finishing(lambda _, reply: replace(reply, header={**reply.header, "timestamp": "now", "version": "1"})),
    )
    for name, words in (
        ("german", {"ACK": "Angenommen", "NACK": "Abgelehnt"}),
        ("long", {"ACK": "ok " * 300, "NACK": "no " * 300}),
        ("code", {"ACK": "0", "NACK": "40001"}),
    ):
        yield Variation(f"message-{name}", "T10", f"the message of a reply is {name}", _finishing(_saying(words)))


def _spelled(spell: Callable[[str], str]) -> Callable[[Request, Reply], Reply]:
    def change(request: Request, reply: Reply) -> Reply:
        own: dict[str, Json] = {spell("action"): reply.action, spell("message"): reply.message}
        return replace(reply, header={**reply.header, "action": None, "message": None, **own})

    return change


def _saying(words: Mapping[str, str]) -> Callable[[Request, Reply], Reply]:
    return lambda _, reply: replace(reply, message=words[reply.action].strip())


def _envelope_capitalized(gateway: Gateway) -> None:
    gateway.binding = EnvelopeBinding()
    names = {"header": "Header", "body": "Body"}

    def change(answer: Answer) -> Answer:
        envelope = {names[name]: value for name, value in json.loads(answer.body).items()}
        return replace(answer, body=json.dumps(envelope, ensure_ascii=False).encode())

    writing(change)(gateway)


def _unreadable() -> Iterator[Variation]:
    """What a framework answers before the gateway does."""
    html = (("content-type", "text/html"),)
    detail = b'{"detail":[{"loc":["body"],"msg":"JSON decode error"}]}'
    for name, answer in (
        ("html", Answer(400, html, b"<html><body>400 Bad Request</body></html>")),
        ("empty", Answer(400, (), b"")),
        ("framework", Answer(422, (("content-type", "application/json"),), detail)),
        ("unsupported", Answer(415, html, b"<html><body>415 Unsupported Media Type</body></html>")),
    ):
        summary = f"a request that cannot be read is answered by a bare {answer.status}"
        yield Variation(f"malformed-bare-{name}", "T14", summary, _answering("malformed", answer))
    too_large = Answer(413, html, b"<html><body>413 Content Too Large</body></html>")
    yield Variation("large-bare", "Q10", "a large request is answered by a bare 413", limited(too_large))
    yield Variation("large-refused", "Q10", "a large request is answered with a NACK", limited(None))


def _answering(reason: str, answer: Answer) -> Install:
    def install(gateway: Gateway) -> None:
        def write(inner: Any, request: Request, reply: Reply) -> Answer:
            given: Answer = inner(request, reply)
            return answer if reply.reason == reason else given

        wrap(gateway, "write", write)

    return install


def limited(refusal: Answer | None) -> Install:
    """Refuse calls of more than 64 KB."""

    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            if len(call.body) <= 64 * 1024:
                given: Answer = await inner(call)
                return given
            if refusal is not None:
                return refusal
            request = gateway.read(call)
            return gateway.write(request, gateway.refuse(request, "large", "the request is too large"))

        wrap(gateway, "answer", answer)

    return install
