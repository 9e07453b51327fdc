"""Defects in how replies are written: text, media type, header, HTTP status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from reference_server.defects.defect import Defect
from reference_server.edits import enveloped, in_answer, in_reply, slug, writing
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Answer, Reply, Request
from reference_server.planting import Install

Rewrite: TypeAlias = Callable[[Answer], Answer]
"""Makes another answer of one."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from _texts()
    yield from _fields()
    yield from _statuses()


def _texts() -> Iterator[Defect]:
    for name, action, change, outcome, summary in (
        (
            "signup-json-trailing-comma",
            SIGNUP,
            _trailing_comma,
            "ACK",
            "JSON with a comma too many, as on the page",
        ),
        ("get-json-cut-short", GET, _cut, "ACK", "the last byte of the JSON is lost"),
        ("update-json-single-quotes", UPDATE, _single_quotes, "ACK", "JSON with single quotes"),
        ("documents-add-nack-html", ADD, _html, "NACK", "a NACK whose body is a page of HTML"),
        ("get-nack-body-empty", GET, _empty, "NACK", "a NACK with an empty body"),
    ):
        install = in_answer(action, _rebodied(change), outcome)
        yield Defect(
            name,
            "REPLY-JSON",
            action,
            "",
            f"{action} answers {summary}",
            install,
        )
    yield Defect(
        "envelope-json-trailing-comma",
        "REPLY-JSON",
        SIGNUP,
        "",
        "every reply is an envelope with a comma too many, as on the page",
        enveloped(writing(_rebodied(_trailing_comma))),
        configuration={"binding": "auto"},
    )
    for name, action, media_type, outcome in (
        ("signup-media-type-html", SIGNUP, "text/html; charset=utf-8", "ACK"),
        ("get-media-type-text", GET, "text/plain", "ACK"),
        ("update-nack-media-type-missing", UPDATE, None, "NACK"),
        ("documents-add-media-type-binary", ADD, "application/octet-stream", "ACK"),
    ):
        yield Defect(
            name,
            "REPLY-MEDIA-TYPE",
            action,
            "",
            f"an {outcome} of {action} is declared as {media_type or 'nothing'}",
            in_answer(action, _declared(media_type), outcome),
        )


def _rebodied(change: Callable[[bytes], bytes]) -> Rewrite:
    return lambda answer: replace(answer, body=change(answer.body))


def _trailing_comma(body: bytes) -> bytes:
    return body[:-1] + b",}"


def _cut(body: bytes) -> bytes:
    return body[:-1]


def _single_quotes(body: bytes) -> bytes:
    return body.replace(b'"', b"'")


def _html(body: bytes) -> bytes:
    return b"<html><body>Bad Request</body></html>"


def _empty(body: bytes) -> bytes:
    return b""


def _declared(media_type: str | None) -> Rewrite:
    fields = (("content-type", media_type),) if media_type else ()

    def change(answer: Answer) -> Answer:
        others = tuple(field for field in answer.headers if field[0] != "content-type")
        return replace(answer, headers=(*fields, *others))

    return change


def _fields() -> Iterator[Defect]:
    for name, action, outcome, given, summary in (
        ("signup-action-lower-case", SIGNUP, "ACK", "ack", "a signup is answered with ack"),
        ("get-action-ok", GET, "ACK", "OK", "Provider/get is answered with OK"),
        ("update-nack-action-error", UPDATE, "NACK", "ERROR", "a refused update is answered with ERROR"),
        ("documents-add-action-missing", ADD, "ACK", None, "an addition's reply says neither ACK nor NACK"),
        ("get-nack-action-nak", GET, "NACK", "NAK", "a refused Provider/get is answered with NAK"),
    ):
        install = _with_field(action, outcome, "action", given)
        yield Defect(name, "REPLY-ACTION", action, "header:action", summary, install)
    for name, action, outcome in (
        ("signup-message-missing", SIGNUP, "ACK"),
        ("get-message-missing", GET, "ACK"),
        ("update-nack-message-missing", UPDATE, "NACK"),
        ("documents-add-message-missing", ADD, "ACK"),
    ):
        install = _with_field(action, outcome, "message", None)
        summary = f"an {outcome} of {action} has no message"
        yield Defect(name, "REPLY-MESSAGE", action, "header:message", summary, install)
    for name, action, outcome, text in (
        ("signup-nack-message-empty", SIGNUP, "NACK", ""),
        ("get-message-blank", GET, "ACK", "  "),
        ("update-message-empty", UPDATE, "ACK", ""),
        ("documents-add-nack-message-blank", ADD, "NACK", " "),
    ):
        install = _with_field(action, outcome, "message", text)
        summary = f"an {outcome} of {action} has a blank message"
        yield Defect(name, "REPLY-MESSAGE-BLANK", action, "header:message", summary, install)
    yield Defect(
        name="update-action-in-body",
        requirement="REPLY-ACTION",
        operation=UPDATE,
        pointer="header:action",
        summary="an update's reply has action and message in its body instead of its header",
        install=in_reply("ACK", UPDATE, _header_in_body),
        consequences=frozenset({"REPLY-MESSAGE"}),
    )


def _with_field(action: str, outcome: str, name: str, value: str | None) -> Install:
    """Give a member of the header another value, or leave it out."""
    return in_reply(outcome, action, lambda _, reply: replace(reply, header={**reply.header, name: value}))


def _header_in_body(request: Request, reply: Reply) -> Reply:
    body = {**reply.body, "action": reply.action, "message": reply.message}
    return replace(reply, body=body, header={"action": None, "message": None})


def _statuses() -> Iterator[Defect]:
    for requirement, action, outcome, status in (
        ("REPLY-STATUS-ACK", SIGNUP, "ACK", 500),
        ("REPLY-STATUS-ACK", GET, "ACK", 404),
        ("REPLY-STATUS-ACK", UPDATE, "ACK", 300),
        ("REPLY-STATUS-ACK", ADD, "ACK", 409),
        ("REPLY-STATUS-NACK", SIGNUP, "NACK", 500),
        ("REPLY-STATUS-NACK", GET, "NACK", 501),
        ("REPLY-STATUS-NACK", UPDATE, "NACK", 500),
        ("REPLY-STATUS-NACK", ADD, "NACK", 300),
    ):
        yield Defect(
            name=f"{slug(action)}-{outcome.lower()}-status-{status}",
            requirement=requirement,
            operation=action,
            pointer="",
            summary=f"{outcome}s of {action} are sent with the HTTP status {status}",
            install=_with_status(action, outcome, status),
        )


def _with_status(action: str, outcome: str, status: int) -> Install:
    # A malformed or large request has rows of its own (reading T14).
    return in_reply(
        outcome,
        action,
        lambda _, reply: replace(reply, status=status),
        lambda _, reply: reply.reason != "malformed",
    )
