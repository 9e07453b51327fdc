"""Checks of a reply as such: status, header, media type."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...messages.text import shown
from ...specification.pointer import MISSING
from ..finding import Judgement, Obligation
from ..registry import check, each_of
from .breaches import breaches
from .observation import Observation, body_is_judged

PER_REPLY = each_of("ACK", "NACK")
JSON_MEDIA = re.compile(r"\s*application/([\w.!#$&^-]+\+)?json\s*(;.*)?", re.IGNORECASE)


@check("REPLY-TIME")
def answered_in_time(observation: Observation) -> Iterable[Judgement]:
    if observation.exchange.purpose in ("large", "broken"):
        return
    if observation.exchange.late:
        yield observation.bad(
            "REPLY-TIME",
            "",
            "late",
            "no reply in time",
            f"a reply within {observation.config.timeout:g} s",
            observation.observed,
        )
    elif observation.exchange.reply is not None and not observation.exchange.trouble:
        yield observation.ok("REPLY-TIME")


@check("REPLY-NO-CRASH")
def no_server_error(observation: Observation) -> Iterable[Judgement]:
    if not observation.by_gateway or not observation.message:
        return
    if observation.crashed and not (observation.absent and not observation.served):
        yield observation.bad(
            "REPLY-NO-CRASH", "", "server-error", "a server error in place of an answer", "ACK or NACK"
        )
    elif observation.readable:
        yield observation.ok("REPLY-NO-CRASH")


@check("*-ENDPOINT")
def path_is_served(observation: Observation) -> Iterable[Judgement]:
    if observation.readable:
        yield observation.ok(f"{observation.prefix}-ENDPOINT")
    elif observation.absent and observation.diagnosis.valid and not observation.served:
        yield observation.bad(
            f"{observation.prefix}-ENDPOINT",
            "",
            "not-served",
            "the operation is not served",
            f"ACK or NACK at /{observation.action}",
        )


def _held_to_form(observation: Observation) -> bool:
    return (
        observation.by_gateway
        and observation.message
        and not observation.crashed
        and not (observation.absent and not observation.served)
    )


@check("REPLY-ACTION", obligations=PER_REPLY)
def says_ack_or_nack(observation: Observation) -> Iterable[Judgement]:
    if observation.message and observation.replaced and observation.due == "NACK" and not observation.unsettled:
        yield _replaced(observation)
        return
    if not _held_to_form(observation) or observation.exchange.received is None:
        return
    if observation.readable:
        yield observation.ok("REPLY-ACTION", observation.kind_of_reply)
    elif _envelope_unreadable(observation) or observation.unsettled:
        return
    else:
        value = observation.exchange.received.header.get("action", MISSING)
        yield observation.bad(
            "REPLY-ACTION",
            "header:action",
            "no-action",
            "the reply says neither ACK nor NACK",
            f"action {observation.due or 'ACK or NACK'} in the header of the reply",
            f"{observation.observed}; action is {shown(value)}",
            obligation=observation.kind_of_reply,
        )


def _replaced(observation: Observation) -> Judgement:
    """A page in the place of a refusal: a firewall may have refused one request, but nobody may replace them all."""
    return observation.bad(
        "REPLY-ACTION",
        "header:action",
        "refusals-replaced",
        "something in front of the gateway seems to replace every refusal",
        "action NACK in the header of the reply",
        obligation=Obligation(observation.action, kind="NACK replaced"),
        unless=Obligation(observation.action, kind="NACK"),
    )


def _envelope_unreadable(observation: Observation) -> bool:
    """In an envelope, nothing at all can be read where the JSON cannot."""
    received = observation.exchange.received
    return received is not None and bool(received.unreadable) and not _header_fields(observation)


def _header_fields(observation: Observation) -> bool:
    names = {name.casefold() for name, _ in observation.exchange.request.headers}
    return "action" in names or "timestamp" in names


@check("REPLY-JSON", obligations=PER_REPLY)
def body_is_json(observation: Observation) -> Iterable[Judgement]:
    received, reply = observation.exchange.received, observation.exchange.reply
    if not _held_to_form(observation) or received is None or reply is None or observation.unsettled:
        return
    if not received.unreadable:
        yield observation.ok(
            "REPLY-JSON",
            observation.kind_of_reply,
        )
    elif observation.readable or _envelope_unreadable(observation):
        if observation.exchange.refused and not reply.content.strip() and not body_is_judged(observation):
            return
        yield observation.bad(
            "REPLY-JSON",
            "",
            "no-json",
            "the body is not JSON",
            "a body that is one JSON text",
            f"{observation.observed}; {received.unreadable}: {shown(reply.content[:60].decode('utf-8', 'replace'))}",
            obligation=Obligation(
                observation.action, kind=str(observation.exchange.action_of_reply or observation.due)
            ),
        )


@check("REPLY-MESSAGE", "REPLY-MESSAGE-BLANK", obligations=PER_REPLY)
def has_a_message(observation: Observation) -> Iterable[Judgement]:
    if not observation.readable or not observation.message or observation.exchange.received is None:
        return
    header, obligation = observation.exchange.received.header, observation.kind_of_reply
    value = header.get("message", MISSING)
    for breach in breaches(observation.specification.validator("header.reply.json"), dict(header)):
        if breach.pointer == "/message":
            missing, text = value == MISSING, isinstance(value, str)
            yield observation.bad(
                "REPLY-MESSAGE",
                "header:message",
                breach.kind if missing or text else "no-string",
                "the reply has no message" if missing else f"the message {breach.wrong}",
                f"{breach.expected} as message in the header of the reply",
                f"{observation.observed}; message is {shown(value)}",
                obligation=obligation,
            )
            return
    yield observation.ok("REPLY-MESSAGE", obligation)
    if isinstance(value, str) and value != MISSING and value.strip():
        yield observation.ok("REPLY-MESSAGE-BLANK", obligation)
    else:
        yield observation.bad(
            "REPLY-MESSAGE-BLANK",
            "header:message",
            "blank",
            "the message is blank",
            "a message for a person",
            obligation=obligation,
        )


@check("REPLY-MEDIA-TYPE", obligations=PER_REPLY)
def declared_as_json(observation: Observation) -> Iterable[Judgement]:
    reply, received = observation.exchange.reply, observation.exchange.received
    if not observation.readable or not observation.message or reply is None or received is None or received.unreadable:
        return
    media = reply.header("content-type")
    if media is not None and JSON_MEDIA.fullmatch(media):
        yield observation.ok("REPLY-MEDIA-TYPE", observation.kind_of_reply)
    else:
        yield observation.bad(
            "REPLY-MEDIA-TYPE",
            "",
            "no-json-label",
            "the reply is not labelled as JSON",
            "Content-Type: application/json",
            f"Content-Type: {shown(media) if media else 'none'}",
            obligation=observation.kind_of_reply,
        )


@check("REPLY-STATUS-ACK", "REPLY-STATUS-NACK")
def status_fits(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if not observation.readable or not observation.message or reply is None:
        return
    kind = observation.exchange.action_of_reply
    if 300 <= reply.status < 400 and reply.header("location") is not None:
        # A redirect is reported and judged by nobody (T13).
        return
    if reply.status // 100 in ((2,) if kind == "ACK" else (2, 4)):
        yield observation.ok(f"REPLY-STATUS-{kind}")
    else:
        yield observation.bad(
            f"REPLY-STATUS-{kind}",
            "",
            "another-class",
            f"{kind} with a status of another class",
            "a status of class 2xx" if kind == "ACK" else "a status of class 2xx or 4xx",
            f"{kind} with status {reply.status}",
        )
