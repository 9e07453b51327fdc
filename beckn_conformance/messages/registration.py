"""A registration that a run has made, as far as later calls need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..specification.pointer import MISSING, member
from .exchange import LONGEST_TOKEN, Exchange, identifier


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration of this run, as far as calls about it need it."""

    id: str
    token: str
    made: float
    """When its signup was acknowledged, in seconds since the epoch."""
    body: Any
    """What the signup sent; MISSING for one made beforehand."""


def registration_of(exchange: Exchange) -> Registration | None:
    """The registration that a reply to a signup gives, where it can be used."""
    id_ = identifier(member(exchange.body_of_reply, "/registration/id"))
    token = member(exchange.body_of_reply, "/auth/token")
    if not exchange.acknowledged or id_ is None or not isinstance(token, str) or token == MISSING:
        return None
    if not token.strip() or len(token) > LONGEST_TOKEN or any(ord(c) < 32 or ord(c) > 126 for c in token):
        return None
    return Registration(id_, token, exchange.ended, exchange.sent.body if exchange.sent else MISSING)
