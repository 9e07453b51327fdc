"""Makes calls again that were refused without a reason, as they are by a gateway that is busy for a moment (T13)."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, Protocol

from ..judging.checks import may_pass
from ..messages.exchange import Exchange, Trouble, TroubleKind
from ..specification.actions import SIGNUP
from ..specification.pointer import member
from . import clock
from .limiter import ConcurrencyLimiter
from .poll import poll

LONGEST = 3.0
"""Seconds for which a call is made again: some gateways refuse to take the same call twice in one second."""
MOST_IN_VAIN = 10
"""Calls of an operation in a row that were made again in vain, after which no more are."""
LONGEST_PAUSE = 2.0
"""Seconds between two calls of an operation that is closed, at most."""
MOST_WAITING = 10
"""All waiting for closed operations may amount to so many times the patience of a run."""
CLOSED: Final = Trouble(TroubleKind.PATIENCE, "failed or refused without a reason, like a plain call of the operation")


class Ask(Protocol):
    """Makes a call again; ``closed`` says why its answer is none if it is refused without a reason."""

    def __call__(self, *, closed: Trouble | None = None) -> Awaitable[Exchange]: ...


IsServed = Callable[[str], Awaitable[bool]]
"""Makes a plain call of an operation, and says whether it was acknowledged."""


class Insistence:
    """Knows the calls of a gateway of which a refusal without a reason may be a passing one.

    A call is made again for some seconds. If a plain call of its operation is refused in the same way, then the
    operation is closed, as by a quota or for maintenance. That is waited out, and other calls of it wait meanwhile.

    A call may be made again if it is a signup, or has a token that belongs to its registration: wrong ones may lock it
    (H3). So may one that names no registration, if its refusal has a place to say so. A refused call changes nothing.
    """

    def __init__(self, patience: float, limiter: ConcurrencyLimiter) -> None:
        self._patience = patience
        self._limiter = limiter
        self._served: dict[str, float] = {}
        """By operation, when a call of it was acknowledged last."""
        self._registrations: set[tuple[str | None, str | None]] = set()
        """Ids with a token that belongs to each."""
        self._in_vain: Counter[str] = Counter()
        self._passing = 0
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By operation, held by the call that finds out whether it is closed."""
        self._closed: set[str] = set()
        """Operations that are waited for."""
        self._spent: set[str] = set()
        """Operations that were waited for in vain, and not served since."""
        self._provoked: set[str] = set()
        """Operations that were sent hostile input, and not served since."""
        self._waited = 0.0

    def provoke(self, action: str) -> None:
        """Takes note of hostile input to an operation, which must not close it (T14, T16)."""
        self._provoked.add(action)

    async def wait(self, action: str) -> None:
        """Waits while an operation is closed."""
        if action in self._closed:
            async with self._turns[action]:
                pass

    async def is_back(self, action: str, since: float, is_served: IsServed) -> bool:
        """Waits until an operation that was served before, and failed at a moment, is served again (T13).

        False if it is not within patience, which is spent once, unless hostile input may be why.
        """
        async with self._turns[action]:
            if self._served.get(action, math.inf) > since:
                return True
            until = clock.now() + (0.0 if action in self._spent else self._patience)
            self._closed.add(action)
            try:
                served = await poll(
                    lambda: is_served(action),
                    lambda served, began: served or began >= until,
                    longest=LONGEST_PAUSE,
                    until=lambda: until,
                )
            finally:
                self._closed.discard(action)
            if served:
                self._served[action] = clock.now()
                self._spent.discard(action)
            else:
                self._spent.add(action)
        return served or action in self._provoked

    async def insist(self, exchange: Exchange, ask: Ask, is_served: IsServed, *, blames_registration: bool) -> Exchange:
        """The last answer to a call, made again while it is refused without a reason."""
        self._learn(exchange)
        if not may_pass(exchange) or not self._is_suspect(exchange):
            return exchange
        if not self._may_be_repeated(exchange, blames_registration):
            if blames_registration and self._names_none(exchange):
                return await self._unless_closed(exchange, ask, is_served, may_repeat=False)
            return exchange
        last = await self._unless_closed(exchange, ask, is_served)
        if may_pass(last):
            until = clock.now() + LONGEST
            last = await poll(ask, lambda one, began: not may_pass(one) or began >= until, until=lambda: until)
        if may_pass(last):
            # It may have been closed in between.
            last = await self._unless_closed(last, ask, is_served)
            self._in_vain[last.action] += may_pass(last)
        self._learn(last)
        if not may_pass(last) and not last.trouble:
            self._passing += 1
            self._in_vain[last.action] = 0
        return last

    async def _unless_closed(
        self, refusal: Exchange, ask: Ask, is_served: IsServed, *, may_repeat: bool = True
    ) -> Exchange:
        """The answer to a call made once more if that may be; if its operation is closed, once that was waited for."""
        action, last = refusal.action, refusal
        async with self._turns[action]:
            if may_repeat and action not in self._spent:
                last = await ask()
            if may_pass(last):
                # Some gateways limit the number of requests in this way.
                self._limiter.close_half()
                if not await is_served(action):
                    last = await self._outlast(action, ask)
                elif may_repeat:
                    last = await ask()
        return last

    async def _outlast(self, action: str, ask: Ask) -> Exchange:
        """The last answer to a call of a closed operation, made again until it is served or patience is over."""
        began = clock.now()
        is_over = action in self._spent or self._waited > MOST_WAITING * self._patience
        until = began if is_over else began + self._patience
        self._closed.add(action)
        try:
            last = await poll(
                lambda: ask(closed=CLOSED),
                lambda one, began: one.trouble != CLOSED or began >= until,
                longest=LONGEST_PAUSE,
                until=lambda: until,
            )
        finally:
            self._closed.discard(action)
        self._waited += clock.now() - began
        if last.trouble != CLOSED:
            return last
        self._spent.add(action)
        # Maintenance would have closed others, too.
        is_alone = not (self._closed | self._spent) - {action}
        return await ask() if action in self._provoked and is_alone else last

    def _learn(self, exchange: Exchange) -> None:
        # An ACK in the header with a body that cannot be read is a failure.
        if not exchange.acknowledged or exchange.received is None or exchange.received.unreadable:
            return
        self._served[exchange.action] = max(exchange.ended, self._served.get(exchange.action, 0.0))
        self._spent.discard(exchange.action)
        self._provoked.discard(exchange.action)
        if exchange.action == SIGNUP:
            self._registrations.add((exchange.id_received, exchange.token_received))
        else:
            self._registrations.add((exchange.id_sent, exchange.token_sent))

    def _is_suspect(self, exchange: Exchange) -> bool:
        """True if other calls of the operation were served, and not too many were made again in vain."""
        return exchange.action in self._served and self._in_vain[exchange.action] < MOST_IN_VAIN

    def _may_be_repeated(self, exchange: Exchange, blames_registration: bool) -> bool:
        if exchange.action == SIGNUP or self.is_of_its_provider(exchange):
            return True
        nameless = exchange.sent is not None and not isinstance(member(exchange.sent.body, "/registration/id"), str)
        return blames_registration and not _is_denied(exchange) and (nameless or exchange.id_sent is None)

    def is_of_its_provider(self, exchange: Exchange) -> bool:
        """True if the token of a call belongs to the registration that it names."""
        return (exchange.id_sent, exchange.token_sent) in self._registrations

    def _names_none(self, exchange: Exchange) -> bool:
        """True if the token of a registration came with the id of none, whose refusal has a place to say so (R16)."""
        is_known = any(token == exchange.token_sent for _, token in self._registrations)
        return is_known and not _is_denied(exchange) and all(exchange.id_sent != id_ for id_, _ in self._registrations)

    def notes(self) -> Iterator[str]:
        """Notes for the reader of the report."""
        if self._passing:
            yield f"calls that were refused without a reason, and not when made again: {self._passing} (recorded only)"


def _is_denied(exchange: Exchange) -> bool:
    return exchange.reply is not None and exchange.reply.status in (401, 403)
