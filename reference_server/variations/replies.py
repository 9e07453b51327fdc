"""Fair ways to write a reply."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Answer, Call, Json, Reply, Request
from reference_server.planting import Variation, installing, replaces, steps

_HTML = (("content-type", "text/html"),)
_DETAIL = b'{"detail":[{"loc":["body"],"msg":"JSON decode error"}]}'
_REASONS = {"unknown": 404, "token": 401, "foreign": 403, "timestamp": 422, "action": 422}


def variations() -> Iterator[Variation]:
    for name, outcome, statuses, words in (
        ("ack-created", "ACK", {SIGNUP: 201}, "a signup is answered with 201"),
        ("ack-accepted", "ACK", dict.fromkeys((SIGNUP, UPDATE, ADD), 202), "whatever waits is answered with 202"),
        ("nack-ok", "NACK", {"": 200}, "a NACK comes with 200"),
        ("nack-unprocessable", "NACK", {"": 422}, "a NACK comes with 422"),
        ("nack-conflict", "NACK", {"": 409}, "a NACK comes with 409"),
    ):
        yield Variation(name, "T6", words, steps.finishing(_with_status(outcome, statuses)))
    words = "a NACK comes with 401, 403, 404, 422 or 400, depending on what is wrong"
    install = steps.finishing(lambda _, reply: replace(reply, status=_REASONS.get(reply.reason, reply.status)))
    yield Variation("nack-status-by-reason", "T6", words, install)
    for name, media_type in (
        ("charset", "application/json; charset=utf-8"),
        ("hal", "application/hal+json"),
        ("upper-case", "APPLICATION/JSON;CHARSET=UTF-8"),
        ("problem", "application/vnd.beckn.gateway+json; version=1"),
    ):
        words = f"replies are declared as {media_type}"
        yield Variation(f"media-type-{name}", "T7", words, steps.writing(steps.declared(media_type)))
    yield from _transports()
    for name, words, change in (
        ("reply-byte-order-mark", "replies start with a byte order mark", lambda body: b"\xef\xbb\xbf" + body),
        ("reply-indented", "replies are indented and end with a line feed", _written(indent=2, end="\n")),
        ("reply-escaped", "replies are JSON in ASCII", _written(ensure_ascii=True)),
        ("reply-sorted", "members of replies are in alphabetical order", _written(sort_keys=True)),
    ):
        yield Variation(name, "T8", words, steps.writing(steps.rebodied(change)))
    yield from _headers()
    yield from _unreadable()


def _with_status(outcome: str, statuses: Mapping[str, int]) -> steps.Finishing:
    def change(request: Request, reply: Reply) -> Reply:
        status = statuses.get(request.action, statuses.get("", reply.status))
        return replace(reply, status=status) if reply.action == outcome else reply

    return change


def _transports() -> Iterator[Variation]:
    via = (("Via", "1.1 proxy"), ("X-Request-Id", "7"), ("Set-Cookie", "a=b"))
    for name, words, change in (
        ("chunked", "replies are sent in chunks", lambda answer: replace(answer, streamed=True)),
        ("closes-connection", "the connection is closed after each reply", _with_fields(("connection", "close"))),
        ("fields-twice", "action and message of a reply stand there twice", _with_twice("action", "message")),
        ("fields-of-proxy", "a proxy adds fields to every reply", _with_fields(*via)),
    ):
        yield Variation(f"reply-{name}", "T11", words, steps.writing(change))
    for coding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        words = f"replies are sent with {coding} to who accepts it"
        yield Variation(f"reply-{coding}", "T11", words, _compressing(coding, compress))


def _with_fields(*fields: tuple[str, str]) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, headers=(*answer.headers, *fields))


def _with_twice(*names: str) -> Callable[[Answer], Answer]:
    return lambda answer: _with_fields(*(field for field in answer.headers if field[0] in names))(answer)


@installing
def _compressing(gateway: Gateway, coding: str, compress: Callable[[bytes], bytes]) -> None:
    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        given = await inner(call)
        if coding not in call.headers.get("accept-encoding", ""):
            return given
        headers = (*given.headers, ("content-encoding", coding), ("vary", "accept-encoding"))
        return replace(given, headers=headers, body=compress(given.body))


def _written(
    *, ensure_ascii: bool = False, indent: int | None = None, sort_keys: bool = False, end: str = ""
) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        text = json.dumps(json.loads(body), ensure_ascii=ensure_ascii, indent=indent, sort_keys=sort_keys)
        return (text + end).encode()

    return change


def _headers() -> Iterator[Variation]:
    for name, spell in (("upper-case", str.upper), ("capitalized", str.capitalize)):
        words = f"the members of a reply's header are {spell('action')} and {spell('message')}"
        yield Variation(f"reply-header-{name}", "T9", words, steps.finishing(_spelled(spell)))
    words, install = (
        "a reply has the members Header and Body",
        steps.enveloped(steps.writing(steps.rebodied(_envelope_capitalized))),
    )
    yield Variation("reply-envelope-capitalized", "T4", words, install, {"binding": "envelope"})
    more = {"timestamp": "now", "version": "1"}
    install = steps.finishing(lambda _, reply: replace(reply, header={**reply.header, **more}))
    yield Variation("reply-header-extra", "T11", "the header of a reply has more members", install)
    for name, ack, nack in (
        ("german", "Angenommen", "Abgelehnt"),
        ("long", ("ok " * 300).strip(), ("no " * 300).strip()),
        ("code", "0", "40001"),
    ):
        install = steps.finishing(_saying({"ACK": ack, "NACK": nack}))
        yield Variation(f"message-{name}", "T10", f"the message of a reply is {name}", install)


def _spelled(spell: Callable[[str], str]) -> steps.Finishing:
    def change(request: Request, reply: Reply) -> Reply:
        own: dict[str, Json] = {spell("action"): reply.action, spell("message"): reply.message}
        return replace(reply, header={**reply.header, "action": None, "message": None, **own})

    return change


def _saying(words: Mapping[str, str]) -> steps.Finishing:
    return lambda _, reply: replace(reply, message=words[reply.action])


def _envelope_capitalized(body: bytes) -> bytes:
    envelope = {name.capitalize(): value for name, value in json.loads(body).items()}
    return json.dumps(envelope, ensure_ascii=False).encode()


def _unreadable() -> Iterator[Variation]:
    """What a framework answers before the gateway does."""
    for name, answer in (
        ("html", Answer(400, _HTML, b"<html><body>400 Bad Request</body></html>")),
        ("empty", Answer(400, (), b"")),
        ("framework", Answer(422, (("content-type", "application/json"),), _DETAIL)),
        ("unsupported", Answer(415, _HTML, b"<html><body>415 Unsupported Media Type</body></html>")),
    ):
        words = f"a request that cannot be read is answered by a bare {answer.status}"
        install = steps.writing(_always(answer), steps.for_reason("malformed"))
        yield Variation(f"malformed-bare-{name}", "T14", words, install)
    too_large = Answer(413, _HTML, b"<html><body>413 Content Too Large</body></html>")
    refused = steps.both(limited, steps.writing(_always(too_large), steps.for_reason("large")))
    yield Variation("large-bare", "Q10", "a large request is answered by a bare 413", refused)
    yield Variation("large-refused", "Q10", "a large request is answered with a NACK", limited)


def _always(answer: Answer) -> Callable[[Answer], Answer]:
    return lambda _: answer


def limited(gateway: Gateway) -> None:
    """Refuse calls of more than 64 KB."""

    @replaces(gateway)
    async def answer(inner: steps.Answering, call: Call) -> Answer:
        if len(call.body) <= 64 * 1024:
            return await inner(call)
        request = gateway.read(call)
        return gateway.write(request, gateway.refuse(request, "large", "the request is too large"))
