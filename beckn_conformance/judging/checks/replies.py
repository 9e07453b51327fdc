"""Checks of a reply as such: status, header, media type."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...messages.text import shown
from ...specification.pointer import MISSING
from ..finding import Judgement
from .observation import Sight, body_is_judged
from .registry import check

JSON_MEDIA = re.compile(r"\s*application/([\w.!#$&^-]+\+)?json\s*(;.*)?", re.IGNORECASE)


@check("REPLY-TIME")
def answered_in_time(sight: Sight) -> Iterable[Judgement]:
    if sight.exchange.purpose in ("large", "broken"):
        return
    if sight.exchange.late:
        yield sight.bad(
            "REPLY-TIME",
            "",
            "late",
            "no reply in time",
            f"a reply within {sight.config.timeout:g} s",
            sight.observed,
        )
    elif sight.exchange.reply is not None and not sight.exchange.trouble:
        yield sight.ok("REPLY-TIME")


@check("REPLY-NO-CRASH")
def no_server_error(sight: Sight) -> Iterable[Judgement]:
    if not sight.by_gateway or not sight.message:
        return
    if sight.crashed and not (sight.absent and not sight.served):
        yield sight.bad("REPLY-NO-CRASH", "", "server-error", "a server error in place of an answer", "ACK or NACK")
    elif sight.readable:
        yield sight.ok("REPLY-NO-CRASH")


@check("*-ENDPOINT")
def path_is_served(sight: Sight) -> Iterable[Judgement]:
    if sight.readable:
        yield sight.ok(f"{sight.prefix}-ENDPOINT")
    elif sight.absent and sight.diagnosis.valid and not sight.served:
        yield sight.bad(
            f"{sight.prefix}-ENDPOINT",
            "",
            "not-served",
            "the operation is not served",
            f"ACK or NACK at /{sight.action}",
        )


def _held_to_form(sight: Sight) -> bool:
    return sight.by_gateway and sight.message and not sight.crashed and not (sight.absent and not sight.served)


@check("REPLY-ACTION")
def says_ack_or_nack(sight: Sight) -> Iterable[Judgement]:
    if sight.message and sight.replaced and sight.due == "NACK" and not sight.unsettled:
        yield _replaced(sight)
        return
    if not _held_to_form(sight) or sight.exchange.received is None:
        return
    if sight.readable:
        yield sight.ok("REPLY-ACTION", f"{sight.action} {sight.exchange.action_of_reply}")
    elif _envelope_unreadable(sight) or sight.unsettled:
        return
    else:
        value = sight.exchange.received.header.get("action", MISSING)
        yield sight.bad(
            "REPLY-ACTION",
            "header:action",
            "no-action",
            "the reply says neither ACK nor NACK",
            f"action {sight.due or 'ACK or NACK'} in the header of the reply",
            f"{sight.observed}; action is {shown(value)}",
            obligation=f"{sight.action} {sight.due}",
        )


def _replaced(sight: Sight) -> Judgement:
    """A page in the place of a refusal: a firewall may have refused one request, but nobody may replace them all."""
    refusals = f"{sight.action} NACK"
    return sight.bad(
        "REPLY-ACTION",
        "header:action",
        "refusals-replaced",
        "something in front of the gateway seems to replace every refusal",
        "action NACK in the header of the reply",
        obligation=f"{refusals} replaced",
        unless=refusals,
    )


def _envelope_unreadable(sight: Sight) -> bool:
    """In an envelope, nothing at all can be read where the JSON cannot."""
    received = sight.exchange.received
    return received is not None and bool(received.unreadable) and not _header_fields(sight)


def _header_fields(sight: Sight) -> bool:
    names = {name.casefold() for name, _ in sight.exchange.request.headers}
    return "action" in names or "timestamp" in names


@check("REPLY-JSON")
def body_is_json(sight: Sight) -> Iterable[Judgement]:
    received, reply = sight.exchange.received, sight.exchange.reply
    if not _held_to_form(sight) or received is None or reply is None or sight.unsettled:
        return
    if not received.unreadable:
        yield sight.ok("REPLY-JSON", f"{sight.action} {sight.exchange.action_of_reply or sight.due}")
    elif sight.readable or _envelope_unreadable(sight):
        if sight.exchange.refused and not reply.content.strip() and not body_is_judged(sight):
            return
        yield sight.bad(
            "REPLY-JSON",
            "",
            "no-json",
            "the body is not JSON",
            "a body that is one JSON text",
            f"{sight.observed}; {received.unreadable}: {shown(reply.content[:60].decode('utf-8', 'replace'))}",
            obligation=f"{sight.action} {sight.exchange.action_of_reply or sight.due}",
        )


@check("REPLY-MESSAGE", "REPLY-MESSAGE-BLANK")
def has_a_message(sight: Sight) -> Iterable[Judgement]:
    if not sight.readable or not sight.message or sight.exchange.received is None:
        return
    value = sight.exchange.received.header.get("message", MISSING)
    obligation = f"{sight.action} {sight.exchange.action_of_reply}"
    if value == MISSING or not isinstance(value, str):
        missing = value == MISSING
        yield sight.bad(
            "REPLY-MESSAGE",
            "header:message",
            "missing" if missing else "no-string",
            "the reply has no message" if missing else "the message is not a string",
            "a string as message in the header of the reply",
            f"{sight.observed}; message is {shown(value)}",
            obligation=obligation,
        )
        return
    yield sight.ok("REPLY-MESSAGE", obligation)
    if value.strip():
        yield sight.ok("REPLY-MESSAGE-BLANK", obligation)
    else:
        yield sight.bad(
            "REPLY-MESSAGE-BLANK",
            "header:message",
            "blank",
            "the message is blank",
            "a message for a person",
            obligation=obligation,
        )


@check("REPLY-MEDIA-TYPE")
def declared_as_json(sight: Sight) -> Iterable[Judgement]:
    reply, received = sight.exchange.reply, sight.exchange.received
    if not sight.readable or not sight.message or reply is None or received is None or received.unreadable:
        return
    media = reply.header("content-type")
    if media is not None and JSON_MEDIA.fullmatch(media):
        yield sight.ok("REPLY-MEDIA-TYPE", f"{sight.action} {sight.exchange.action_of_reply}")
    else:
        yield sight.bad(
            "REPLY-MEDIA-TYPE",
            "",
            "no-json-label",
            "the reply is not labelled as JSON",
            "Content-Type: application/json",
            f"Content-Type: {shown(media) if media else 'none'}",
            obligation=f"{sight.action} {sight.exchange.action_of_reply}",
        )


@check("REPLY-STATUS-ACK", "REPLY-STATUS-NACK")
def status_fits(sight: Sight) -> Iterable[Judgement]:
    reply = sight.exchange.reply
    if not sight.readable or not sight.message or reply is None:
        return
    kind = sight.exchange.action_of_reply
    if 300 <= reply.status < 400 and reply.header("location") is not None:
        # A redirect is reported and judged by nobody (T13).
        return
    if reply.status // 100 in ((2,) if kind == "ACK" else (2, 4)):
        yield sight.ok(f"REPLY-STATUS-{kind}")
    else:
        yield sight.bad(
            f"REPLY-STATUS-{kind}",
            "",
            "another-class",
            f"{kind} with a status of another class",
            "a status of class 2xx" if kind == "ACK" else "a status of class 2xx or 4xx",
            f"{kind} with status {reply.status}",
        )
