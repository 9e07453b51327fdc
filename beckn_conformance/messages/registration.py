"""A registration as later calls need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .exchange import Exchange


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration of this run, or one made beforehand."""

    id: str
    token: str
    made: float
    """Seconds since the epoch at which its signup was acknowledged."""
    body: Any
    """Body of the signup; MISSING for one made beforehand."""


def registration_of(exchange: Exchange) -> Registration | None:
    """Returns the registration in the reply to a signup, or None if its id or token cannot be used."""
    id_, token = exchange.id_received, exchange.token_received
    if not exchange.acknowledged or id_ is None or token is None or any(ord(c) < 32 or ord(c) > 126 for c in token):
        return None
    return Registration(id_, token, exchange.ended, exchange.body_sent)
