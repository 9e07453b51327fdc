"""Defects in how replies are written: text, media type, header, HTTP status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle

from reference_server.gateway import Gateway
from reference_server.message import ACTIONS, ADD, SIGNUP, UPDATE, Answer, Call, Json, Reply, Request
from reference_server.planting import Defect, Install, defect, installing, replaces
from reference_server.planting.edits import short
from reference_server.planting.steps import declared, enveloped, in_answer, in_reply, rebodied, writing


def _trailing_comma(body: bytes) -> bytes:
    return body[:-1] + b",}"


_TEXTS: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
    ("trailing-comma", _trailing_comma, "JSON with a comma too many, as on the page"),
    ("cut-short", lambda body: body[:-1], "JSON without its last byte"),
    ("single-quotes", lambda body: body.replace(b'"', b"'"), "JSON with single quotes"),
    ("html", lambda body: b"<html><body>Bad Request</body></html>", "with a page of HTML"),
    ("empty", lambda body: b"", "with an empty body"),
)
_MEDIA_TYPES = {"html": "text/html; charset=utf-8", "text": "text/plain", "binary": "application/octet-stream"}
_ACTIONS: dict[str, tuple[tuple[str, Json], ...]] = {
    "ACK": (("lower-case", "ack"), ("ok", "OK"), ("missing", None)),
    "NACK": (("nak", "NAK"), ("error", "ERROR"), ("missing", None)),
}
_STATUSES = {"ACK": (300, 404, 409, 500), "NACK": (300, 500, 501)}


def defects(failing: Mapping[str, str]) -> Iterator[Defect]:
    """Yield the defects of this family for operations, each with its requirement on the status of a NACK."""
    media_types = cycle(_MEDIA_TYPES.items())
    for action, failed in failing.items():
        for outcome in ("ACK", "NACK"):
            start = short(action) if outcome == "ACK" else f"{short(action)}-nack"
            yield from _texts(action, failed, outcome, start, [next(media_types), ("missing", None)])
            yield from _headers(action, outcome, start)
    name, words = "envelope-json-trailing-comma", "every reply is an envelope with a comma too many, as on the page"
    install, declared_so = enveloped(writing(rebodied(_trailing_comma))), {"binding": "auto"}
    yield defect(name, "REPLY-JSON", SIGNUP, "", words, install, configuration=declared_so)
    # The replies of other operations may have no text that takes more bytes than characters.
    for action in ACTIONS:
        words = f"{action} counts the length of a reply in characters, unless it is compressed"
        yield defect(f"{short(action)}-length-in-characters", "REPLY-JSON", action, "", words, _miscounting(action))
    name, words = "update-action-in-body", "an update's reply has action and message in its body, not its header"
    install = in_reply("ACK", UPDATE, _header_in_body)
    yield defect(name, "REPLY-ACTION", UPDATE, "header:action", words, install, "REPLY-MESSAGE")


@installing
def _miscounting(gateway: Gateway, action: str) -> None:
    """Send as many bytes as the text has characters, as a client sees it that goes by Content-Length."""

    @replaces(gateway)
    async def answer(inner: Callable[[Call], Awaitable[Answer]], call: Call) -> Answer:
        written = await inner(call)
        if call.action != action or "gzip" in call.headers.get("accept-encoding", ""):
            return written
        return replace(written, body=written.body[: len(written.body.decode())])


def _texts(
    action: str, failed: str, outcome: str, start: str, media_types: Sequence[tuple[str, str | None]]
) -> Iterator[Defect]:
    # No status can be found in what cannot be read.
    unread = (failed,) if outcome == "NACK" else ()
    for name, rewrite, words in _TEXTS:
        if (action, outcome) == (ADD, "NACK") and name in ("empty", "single-quotes"):
            # The page has no body for most of these, so that none is fair, and nothing in it to quote.
            continue
        install, words = in_answer(action, rebodied(rewrite), outcome), f"{action} answers {words}"
        yield defect(f"{start}-json-{name}", "REPLY-JSON", action, "", words, install, *unread)
    for name, media_type in media_types:
        install = in_answer(action, declared(media_type), outcome)
        words = f"{outcome}s of {action} are declared as {media_type or 'nothing'}"
        yield defect(f"{start}-media-type-{name}", "REPLY-MEDIA-TYPE", action, "", words, install)


def _with_header(outcome: str, action: str, members: Mapping[str, Json]) -> Install:
    return in_reply(outcome, action, lambda _, reply: replace(reply, header={**reply.header, **members}))


def _headers(action: str, outcome: str, start: str) -> Iterator[Defect]:
    replies = f"{outcome}s of {action}"
    for name, given in _ACTIONS[outcome]:
        words = f"the action of {replies} is {given}"
        install = _with_header(outcome, action, {"action": given})
        yield defect(f"{start}-action-{name}", "REPLY-ACTION", action, "header:action", words, install)
    for name, requirement, text in (
        ("missing", "REPLY-MESSAGE", None),
        ("empty", "REPLY-MESSAGE-BLANK", ""),
        ("blank", "REPLY-MESSAGE-BLANK", "  "),
    ):
        install = _with_header(outcome, action, {"message": text})
        words = f"{replies} have a {name} message"
        yield defect(f"{start}-message-{name}", requirement, action, "header:message", words, install)
    for status in _STATUSES[outcome]:
        # A malformed or large request has rows of its own (reading T14).
        install = in_reply(outcome, action, _with_status(status), lambda _, reply: reply.reason != "malformed")
        words = f"{replies} are sent with the HTTP status {status}"
        yield defect(f"{start}-status-{status}", f"REPLY-STATUS-{outcome}", action, "", words, install)


def _with_status(status: int) -> Callable[[Request, Reply], Reply]:
    return lambda _, reply: replace(reply, status=status)


def _header_in_body(request: Request, reply: Reply) -> Reply:
    body = {**reply.body, "action": reply.action, "message": reply.message}
    return replace(reply, body=body, header={"action": None, "message": None})
