"""Words requests and replies for findings, each in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...messages.exchange import Exchange, Message
from ...messages.text import shown
from ...messages.tokens import DISGUISES
from ...specification.pointer import MISSING, member
from ...untrusted.text import brief
from ..diagnosis import Doubt, Fault
from ..origin import signature

if TYPE_CHECKING:
    from .observation import Observation


TOKENS = {"foreign": "another registration's token", "unknown": "a token that no signup gave"}
"""By kind of fault, what a request has as its token."""


NO_TOKEN = "null"
"""A word that stands for no token."""
IMMEDIATELY = ", unless verification: immediate is declared"
REDACTED = ", unless documents_echo: redacted is declared"
"""Declarations that settle a finding, to follow what is expected."""


def request_line(observation: Observation) -> str:
    """Describes in one line what is special about a request."""
    exchange, diagnosis = observation.exchange, observation.diagnosis
    if exchange.sent is None:
        return _text_line(observation)
    if diagnosis.faults:
        return f"{exchange.action} with {'; '.join(_fault(observation, fault) for fault in diagnosis.faults[:4])}"
    parts = [f"{pointer} = {shown(member(exchange.sent.body, pointer), 80)}" for pointer in observation.remarkable]
    parts += [f"no {pointer}" for pointer in observation.left_out[:4] if diagnosis.valid]
    parts += [_doubt(exchange.sent, doubt) for doubt in diagnosis.doubts[:2]]
    where = f" at the peer {exchange.peer}" if exchange.peer else ""
    kind = "valid" if diagnosis.valid else "unusual"
    return f"{exchange.action}{where}, {kind}" + (f", with {'; '.join(parts)}" if parts else "")


def _text_line(observation: Observation) -> str:
    """Describes a request that is no message by its beginning."""
    exchange = observation.exchange
    text = exchange.request.content.decode("utf-8", "replace")
    known = observation.known.registrations.get(exchange.about)
    for secret in filter(None, (known.token if known else "", observation.config.signup_token)):
        # Masked before the text is cut: half a secret would not be recognised.
        text = text.replace(json.dumps(secret)[1:-1], "…").replace(secret, "…")
    what = str(exchange.stimulus or "") or "content that is not a message"
    return f"{exchange.action} with {what}" + (f": {brief(text, 60)}" if text else "")


def _doubt(sent: Message, doubt: Doubt) -> str:
    value = MISSING if doubt.pointer.startswith("header:") else member(sent.body, doubt.pointer)
    if not doubt.pointer or value == MISSING:
        return f"{doubt.pointer or 'the body'}: {doubt.why}"
    return f"{doubt.pointer} = {shown(value, 80)} ({doubt.why})"


def _fault(observation: Observation, fault: Fault) -> str:
    sent = observation.exchange.sent
    assert sent is not None
    name = fault.pointer.removeprefix("header:")
    if fault.kind == "missing":
        return f"no {name}"
    if name == "Token" and fault.in_header:
        token = sent.header.get(name)
        if token in (member(sent.body, "/registration/id"), NO_TOKEN):
            return "the registration's id as its token" if token != NO_TOKEN else f"the token {shown(token)}"
        return _made_token(observation) or TOKENS.get(fault.kind, f"a Token that is {fault.kind}")
    value = shown(sent.header.get(name)) if fault.in_header else shown(member(sent.body, name), 80)
    return f"{name} = {value}" + (f" ({fault.kind})" if fault.kind != value else "")


def _made_token(observation: Observation) -> str:
    """Describes a token that was made of the registration's own; empty for any other."""
    owner, sent = observation.known.registrations.get(observation.registration), observation.exchange.token_sent
    # A record has a mask with a mark in the place of such a token.
    marks = (one.mark for one in DISGUISES if owner and sent in (one.make(owner.token), owner.token + one.mark))
    return next((f"the registration's token{mark}" for mark in marks), "")


def blaming(observation: Observation) -> str:
    """Describes in one line what a NACK says, and of which members."""
    # The id that was sent blames nothing (R18).
    repeated = ("/registration/id", observation.exchange.id_sent)
    told = ", ".join(
        f"{place} {shown(value, 60)}" for place, value in observation.blamed[:5] if (place, value) != repeated
    )
    return f"{observation.observed}, blaming {told or 'nothing'}"


def reply_line(exchange: Exchange) -> str:
    """Describes a reply in one line."""
    if exchange.reply is None or exchange.received is None:
        return str(exchange.trouble or "no reply")
    said = exchange.action_of_reply
    if said is None:
        kind = (exchange.reply.header("content-type") or "no media type").partition(";")[0]
        who = "; ".join(filter(None, (brief(kind, 80), signature(exchange.reply))))
        return f"status {exchange.reply.status} without ACK or NACK ({who})"
    message = exchange.received.header.get("message", MISSING)
    text = f"{said} {shown(message, 80)}" if message != MISSING else f"{said} without a message"
    if said == "NACK" and exchange.reply.status != 200:
        text += f" (status {exchange.reply.status})"
    if said == "ACK" and (id_ := member(exchange.body_of_reply, "/registration/id")) != MISSING:
        text += f" (registration {shown(id_, 60)})"
    return text
