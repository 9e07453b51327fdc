"""Tells which registrations a gateway has decided about by itself, so that it may refuse to change them (R5)."""

from __future__ import annotations

from collections.abc import Iterable

from ..config.gateway import GatewayConfig
from ..messages.exchange import Exchange
from ..specification.actions import GET, SIGNUP
from ..specification.replies import statuses
from ..specification.specification import Specification


def decided(exchanges: Iterable[Exchange], specification: Specification, config: GatewayConfig) -> frozenset[str]:
    """Ids of the registrations that a Provider/get shows in a status of the gateway's own, such as REJECTED.

    It is neither the one that the signup gave nor a word of the page: a registration that is verified, or waits, has to
    be changed when its provider asks for that.
    """
    literal = statuses(specification)
    words = {literal.waiting, literal.verified, literal.pending, literal.failed, *config.status_names.values()}
    first: dict[str, object] = {}
    found: set[str] = set()
    for exchange in sorted(exchanges, key=lambda e: e.started):
        id_, status = exchange.id_received, exchange.status_received
        if id_ is None or status is None or not exchange.acknowledged:
            continue
        if exchange.action == SIGNUP:
            first[id_] = status
        elif exchange.action == GET and status not in (*words, first.get(id_, status)):
            found.add(id_)
    return frozenset(found)
