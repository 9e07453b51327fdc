"""Describes a reply in a few words, for the reason why something is inconclusive."""

from __future__ import annotations

from ..judging.origin import signature
from ..messages.exchange import LONGEST_ID, LONGEST_TOKEN, Exchange
from ..messages.text import shown
from ..specification.pointer import member


def describe(exchange: Exchange) -> str:
    """Describes the reply, or says why there is none."""
    if exchange.reply is None or exchange.trouble:
        return str(exchange.trouble or "no reply")
    said = exchange.action_of_reply
    if said == "ACK":
        for pointer, most in (("/registration/id", LONGEST_ID), ("/auth/token", LONGEST_TOKEN)):
            value = member(exchange.body_of_reply, pointer)
            if isinstance(value, str) and len(value) > most:
                return f"an ACK with {len(value)} characters at {pointer}, and more than {most} are not used"
        missing = [
            name
            for name, value in (("registration.id", exchange.id_received), ("auth.token", exchange.token_received))
            if value is None
        ]
        return f"an ACK without a usable {' and '.join(missing or ['auth.token'])}"
    if said == "NACK":
        assert exchange.received is not None
        message = exchange.received.header.get("message")
        words = f"NACK {shown(message, 80)}" if message else said
        return f"{words} (status {exchange.reply.status})"
    who = signature(exchange.reply)
    return f"neither ACK nor NACK (status {exchange.reply.status}{f'; {who}' if who else ''})"
