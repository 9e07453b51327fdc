"""Makes calls again that were refused without a reason, as they are by a gateway that is busy for a moment (T13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from ..judging.checks import gives_no_reason
from ..messages.exchange import Exchange
from ..specification.actions import SIGNUP
from ..specification.pointer import member
from . import clock
from .poll import poll

LONGEST = 3.0
"""Seconds for which a call is made again: some gateways refuse to take the same call twice in one second."""
MOST_IN_VAIN = 10
"""Calls of an operation in a row that were made again in vain, after which no more are."""


class Insistence:
    """Knows the calls of a gateway of which a refusal without a reason may be a passing one.

    These are signups, and calls about a registration with a token that belongs to it: wrong ones may lock it (H3). So
    are those that name no registration, if their refusal has a place to say so. A refused call changes nothing, so that
    it may be made again.
    """

    def __init__(self) -> None:
        self._served: set[str] = set()
        self._registrations: set[tuple[str | None, str | None]] = set()
        """Ids with a token that belongs to each."""
        self._in_vain: Counter[str] = Counter()
        self._passing = 0

    async def insist(
        self, exchange: Exchange, ask: Callable[[], Awaitable[Exchange]], *, blames_registration: bool
    ) -> Exchange:
        """The last answer to a call, made again while it is refused without a reason."""
        if exchange.acknowledged:
            self._learn(exchange)
        if not gives_no_reason(exchange) or not self._may_pass(exchange, blames_registration):
            return exchange
        until = clock.now() + LONGEST
        last = await poll(ask, lambda one, began: not gives_no_reason(one) or began >= until, until=lambda: until)
        passing = not gives_no_reason(last)
        self._passing += passing
        self._in_vain[last.action] = 0 if passing else self._in_vain[last.action] + 1
        return last

    def _learn(self, exchange: Exchange) -> None:
        self._served.add(exchange.action)
        if exchange.action == SIGNUP:
            self._registrations.add((exchange.id_received, exchange.token_received))
        else:
            self._registrations.add((exchange.id_sent, _token(exchange)))

    def _may_pass(self, exchange: Exchange, blames_registration: bool) -> bool:
        known = exchange.action == SIGNUP or (exchange.id_sent, _token(exchange)) in self._registrations
        nameless = exchange.sent is not None and not isinstance(member(exchange.sent.body, "/registration/id"), str)
        denied = exchange.reply is not None and exchange.reply.status in (401, 403)
        known = known or (blames_registration and not denied and (nameless or exchange.id_sent is None))
        return known and exchange.action in self._served and self._in_vain[exchange.action] < MOST_IN_VAIN

    def notes(self) -> Iterator[str]:
        """Notes for the reader of the report."""
        if self._passing:
            yield f"calls that were refused without a reason, and not when made again: {self._passing} (recorded only)"


def _token(exchange: Exchange) -> str | None:
    return exchange.sent.header.get("Token") if exchange.sent is not None else None
