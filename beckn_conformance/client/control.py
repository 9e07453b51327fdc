"""Plain calls that tell an outage or a ban from what belongs to one request (T6)."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from ..messages.binding import Binding
from ..messages.exchange import CONTROL, Exchange
from ..specification.actions import GET
from . import clock
from .outgoing import Outgoing
from .poll import poll

KNOWN = 4
"""Registrations kept for plain calls, so that one can be asked for that a reply is not about."""
MOST = 3
"""Plain calls after replies of one kind. If the gateway answers all of them, such replies are its habit."""
LONGEST_PAUSE = 1.0
"""Seconds between two plain calls, at most, while none is answered."""

Kind = tuple[object, ...]
Ask = Callable[[Outgoing], Awaitable[bool]]
"""Makes a plain call, and says whether the gateway itself answered."""


class Control:
    """Asks for a registration that was served before; callers at the same time share one call."""

    def __init__(self, ask: Ask, patience: float) -> None:
        self._ask = ask
        self._patience = patience
        self._known: deque[tuple[str, Outgoing]] = deque(maxlen=KNOWN)
        self._lock = asyncio.Lock()
        self._asked = 0.0
        self._answered = True
        self._away_since: float | None = None
        self._last_away = -math.inf
        """When a plain call was last left unanswered."""
        self._returning: asyncio.Task[bool] | None = None
        self._habits: Counter[Kind] = Counter()

    def learn(self, exchange: Exchange, binding: Binding) -> None:
        """Remembers a Provider/get that was acknowledged, as a call known to be good."""
        sent = exchange.sent
        if sent is None or not exchange.acknowledged or "Token" not in sent.header:
            return
        id_ = exchange.id_sent
        if id_ is not None and id_ not in {known for known, _ in self._known}:
            self._known.append((id_, Outgoing(GET, binding, sent.body, sent.header["Token"], purpose=CONTROL)))

    @property
    def is_away(self) -> bool:
        """True if the last plain call was left unanswered, and patience is not over yet."""
        return self._away_since is not None and not self._is_over

    @property
    def _is_over(self) -> bool:
        return self._away_since is not None and clock.monotonic() > self._away_since + self._patience

    async def belongs(self, exchange: Exchange, kind: Kind, begun: float, ended: float) -> bool:
        """Decides whether a bare reply belongs to its request, sent and answered at these moments (monotonic clock).

        It does if a plain call after it is answered, and none since it was sent was left unanswered. It is taken to
        belong if no call is known to be good, or if replies of its kind are a habit.
        """
        if begun <= self._last_away:
            return False
        if not self._known or self._habits[kind] >= MOST:
            return True
        if await self._is_answered(ended, exchange.id_sent):
            self._habits[kind] += 1
            return True
        return False

    async def back(self) -> bool:
        """Waits until the gateway answers a plain call; False if it does not within patience, which is spent once."""
        if not self._known:
            return True
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._return())
        return await asyncio.shield(self._returning)

    async def _return(self) -> bool:
        async def ask() -> bool:
            return await self._is_answered(clock.monotonic())

        return await poll(ask, lambda answered, began: answered or self._is_over, longest=LONGEST_PAUSE)

    async def _is_answered(self, since: float, about: str | None = None) -> bool:
        """Returns True if a plain call made after a moment is answered; it asks for another registration if it can."""
        async with self._lock:
            if self._asked <= since:
                self._asked = clock.monotonic()
                _, call = next((known for known in self._known if known[0] != about), self._known[0])
                self._answered = await self._ask(call)
                if self._answered:
                    self._away_since = None
                else:
                    self._last_away = clock.monotonic()
                    self._away_since = self._asked if self._away_since is None else self._away_since
            return self._answered
