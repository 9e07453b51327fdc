"""Checks a reply as such: time, status, header, media type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ...messages.exchange import Role
from ...messages.text import shown
from ...specification.pointer import MISSING
from ..finding import Judgement, Obligation
from ..origin import family
from ..registry import check, each_of
from .breaches import breaches
from .observation import Observation
from .observed_reply import body_is_judged, gives_no_reason

PER_REPLY = each_of("ACK", "NACK")
FAILED = Obligation(kind="a valid call failed")
JSON_MEDIA = re.compile(r"\s*application/([\w.!#$&^-]+\+)?json\s*(;.*)?", re.IGNORECASE)


@check("REPLY-TIME")
def answered_in_time(observation: Observation) -> Iterable[Judgement]:
    exchange = observation.exchange
    if exchange.purpose in ("large", "broken"):
        return
    if exchange.late and exchange.stimulus is not None and exchange.stimulus.role is not Role.INPUT:
        # Silence after hostile input is the matter of ROBUST-LIVES-ON, since a firewall may be the reason (T16).
        return
    if exchange.late or (exchange.reply is not None and not exchange.trouble):
        expected = f"a reply within {observation.config.timeout:g} s"
        yield observation.judged(not exchange.late, "REPLY-TIME", "", "late", "no reply in time", expected)


@check("REPLY-NO-CRASH")
def no_server_error(observation: Observation) -> Iterable[Judgement]:
    if not _held_to_form(observation, crashed=True):
        return
    if observation.readable:
        yield observation.ok("REPLY-NO-CRASH")
    elif observation.crashed:
        failed = observation.bad(
            "REPLY-NO-CRASH", "", "server-error", "a server error instead of an answer", "ACK or NACK"
        )
        yield from [failed] if observation.known.closed else _unless_in_passing(observation, failed)


def _unless_in_passing(observation: Observation, failed: Judgement) -> Iterable[Judgement]:
    """A failure in recorded traffic, where nobody made the call again (T13).

    A valid call may have failed in passing if others of the operation are answered, a faulty one if a valid one failed.
    """
    valid, finding = observation.diagnosis.valid, failed.finding
    if valid:
        yield observation.ok("REPLY-NO-CRASH", FAILED)
    unless = (failed.obligation if valid else FAILED,)
    yield replace(
        failed,
        obligation=failed.obligation._replace(kind="a server error"),
        finding=finding and replace(finding, unless=unless),
    )


@check("*-ENDPOINT")
def path_is_served(observation: Observation) -> Iterable[Judgement]:
    if observation.readable or (observation.absent and observation.diagnosis.valid and not observation.served):
        yield observation.judged(
            observation.readable,
            f"{observation.prefix}-ENDPOINT",
            "",
            "not-served",
            "the operation is not served",
            f"ACK or NACK at /{observation.action}",
        )


def _held_to_form(observation: Observation, *, crashed: bool = False) -> bool:
    """True for a reply of the gateway to a message, unless the operation seems not to be served."""
    missing = observation.absent and not observation.served
    return observation.by_gateway and observation.message and not missing and (crashed or not observation.crashed)


@check("REPLY-ACTION", obligations=PER_REPLY)
def says_ack_or_nack(observation: Observation) -> Iterable[Judgement]:
    received = observation.exchange.received
    if observation.message and observation.replaced and observation.due == "NACK" and not observation.may_be_too_early:
        yield _replaced(observation)
        return
    if observation.message and observation.is_plain and not observation.by_gateway and observation.exchange.reply:
        yield observation.ok("REPLY-ACTION", _shown_to_all(observation))
    if not _held_to_form(observation) or received is None:
        return
    if not observation.readable and (_envelope_unreadable(observation) or observation.may_be_too_early):
        return
    if observation.readable:
        yield observation.ok("REPLY-ACTION", observation.kind_of_reply)
        return
    yield observation.bad(
        "REPLY-ACTION",
        "header:action",
        "no-action",
        "the reply says neither ACK nor NACK",
        f"action {observation.due or 'ACK or NACK'} in the header of the reply",
        f"{observation.observed}; action is {shown(received.header.get('action', MISSING))}",
        observation.kind_of_reply,
    )


def _replaced(observation: Observation) -> Judgement:
    """A page in place of a NACK: a firewall may turn away one request, but nobody may replace every refusal."""
    return observation.bad(
        "REPLY-ACTION",
        "header:action",
        "refusals-replaced",
        "something in front of the gateway seems to replace every refusal",
        "action NACK in the header of the reply",
        obligation=Obligation(observation.action, kind="NACK replaced"),
        unless=(Obligation(observation.action, kind="NACK"), _shown_to_all(observation)),
    )


def _shown_to_all(observation: Observation) -> Obligation:
    """Shows, if exercised, that a page is no refusal: plain valid requests get it as well."""
    reply = observation.exchange.reply
    page = (str(reply.status), family(reply)) if reply is not None else ()
    return Obligation(kind=" ".join(("page", *page)))


def _envelope_unreadable(observation: Observation) -> bool:
    """True if the header cannot be read because the JSON around it cannot."""
    received = observation.exchange.received
    names = {name.casefold() for name, _ in observation.exchange.request.headers}
    return received is not None and bool(received.unreadable) and not names & {"action", "timestamp"}


@check("REPLY-JSON", obligations=PER_REPLY)
def body_is_json(observation: Observation) -> Iterable[Judgement]:
    received, reply = observation.exchange.received, observation.exchange.reply
    if not _held_to_form(observation) or received is None or reply is None or observation.may_be_too_early:
        return
    if not received.unreadable:
        yield observation.ok("REPLY-JSON", observation.kind_of_reply)
        return
    if not observation.readable and not _envelope_unreadable(observation):
        return
    if observation.exchange.refused and not reply.content.strip() and not body_is_judged(observation):
        return
    start = shown(reply.content[:60].decode("utf-8", "replace"))
    yield observation.bad(
        "REPLY-JSON",
        "",
        "no-json",
        "the body is not JSON",
        "a body that is one JSON text",
        f"{observation.observed}; {received.unreadable}: {start}",
        observation.kind_of_reply,
    )


@check("REPLY-MESSAGE", "REPLY-MESSAGE-BLANK", obligations=PER_REPLY)
def has_a_message(observation: Observation) -> Iterable[Judgement]:
    if not observation.readable or not observation.message or observation.exchange.received is None:
        return
    if "message" in observation.known.unheld:
        return
    header, obligation = observation.exchange.received.header, observation.kind_of_reply
    value = header.get("message", MISSING)
    for breach in breaches(observation.specification.schemas.validator("header.reply.json"), dict(header)):
        if breach.pointer == "/message":
            yield observation.bad(
                "REPLY-MESSAGE",
                "header:message",
                breach.kind if isinstance(value, str) else "no-string",
                "the reply has no message" if value == MISSING else f"the message {breach.wrong}",
                f"{breach.expected} as message in the header of the reply",
                f"{observation.observed}; message is {shown(value)}",
                obligation,
            )
            return
    yield observation.ok("REPLY-MESSAGE", obligation)
    if isinstance(value, str) and value != MISSING:
        yield observation.judged(
            bool(value.strip()),
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
    if "Content-Type" in observation.known.unheld:
        return
    media = reply.header("content-type")
    yield observation.judged(
        media is not None and JSON_MEDIA.fullmatch(media) is not None,
        "REPLY-MEDIA-TYPE",
        "",
        "no-json-label",
        "the reply is not labelled as JSON",
        "Content-Type: application/json",
        f"Content-Type: {shown(media) if media else 'none'}",
        observation.kind_of_reply,
    )


@check("REPLY-STATUS-ACK", "REPLY-STATUS-NACK")
def status_fits(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if not observation.readable or not observation.message or reply is None:
        return
    kind, classes = observation.exchange.action_of_reply, (2,) if observation.exchange.acknowledged else (2, 4)
    if 300 <= reply.status < 400 and reply.header("location") is not None:
        # A redirect is recorded and not judged (T13).
        return
    if reply.status == 503 and gives_no_reason(observation.exchange):
        # The gateway is busy (T13).
        return
    yield observation.judged(
        reply.status // 100 in classes,
        f"REPLY-STATUS-{kind}",
        "",
        "another-class",
        f"{kind} with a status of another class",
        f"a status of class {' or '.join(f'{number}xx' for number in classes)}",
        f"{kind} with status {reply.status}",
    )
