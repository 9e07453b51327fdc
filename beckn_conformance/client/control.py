"""Plain calls that tell whether a gateway answers: an outage or a ban from what belongs to one request (T6)."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from ..messages.binding import Binding
from ..messages.exchange import Exchange, Message, identifier
from ..specification.pointer import member

KNOWN = 4
"""Registrations that are kept for plain calls, so that one can be asked for that a reply is not about."""
MOST = 3
"""Plain calls that are made after replies of one kind; once it was seen so often that the gateway answers others, the
replies are its habit."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two plain calls while none is answered; doubled each time."""

Kind = tuple[object, ...]
Ask = Callable[[Message, Binding], Awaitable[bool]]
"""Makes a plain call, and says whether the gateway itself answered."""


class Control:
    """Asks for a registration that was served before; calls that would be made at the same time are one."""

    def __init__(self, ask: Ask, patience: float) -> None:
        self._ask = ask
        self._retry = patience
        self._known: deque[tuple[str, Message, Binding]] = deque(maxlen=KNOWN)
        self._lock = asyncio.Lock()
        self._asked = 0.0
        self._answered = True
        self._away_since: float | None = None
        self._last_away = -math.inf
        """When a plain call was not answered the last time."""
        self._returning: asyncio.Task[bool] | None = None
        self._habits: Counter[Kind] = Counter()

    def learn(self, exchange: Exchange, binding: Binding) -> None:
        """Takes note of a Provider/get that was acknowledged: such a call is known to be good."""
        if exchange.sent is None or not exchange.acknowledged:
            return
        id_ = identifier(member(exchange.sent.body, "/registration/id"))
        if id_ is not None and id_ not in {known for known, _, _ in self._known}:
            self._known.append((id_, exchange.sent, binding))

    @property
    def is_away(self) -> bool:
        """Whether the last plain call was not answered, and patience is not over yet."""
        return self._away_since is not None and time.monotonic() <= self._away_since + self._retry

    async def belongs(self, exchange: Exchange, kind: Kind, begun: float, ended: float) -> bool:
        """Whether a bare reply, to a request that was under way between two moments on the monotonic clock, belongs to
        it: a plain call after it is answered, and none after it was sent was not. So it is taken to be where no call is
        known to be good, or replies of its kind are a habit."""
        if begun <= self._last_away:
            return False
        if not self._known or self._habits[kind] >= MOST:
            return True
        about = exchange.sent.body if exchange.sent else None
        if await self._is_answered(ended, identifier(member(about, "/registration/id"))):
            self._habits[kind] += 1
            return True
        return False

    async def back(self) -> bool:
        """Waits until the gateway answers a plain call; False where it has not within patience, which is spent once."""
        if not self._known:
            return True
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._return())
        return await asyncio.shield(self._returning)

    async def _return(self) -> bool:
        pause = FIRST_PAUSE
        while not await self._is_answered(time.monotonic()):
            if self._away_since is not None and time.monotonic() > self._away_since + self._retry:
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return True

    async def _is_answered(self, since: float, about: str | None = None) -> bool:
        """Whether a plain call is answered that is made after a moment, for another registration where there is one."""
        async with self._lock:
            if self._asked <= since:
                self._asked = time.monotonic()
                chosen = next((known for known in self._known if known[0] != about), self._known[0])
                self._answered = await self._ask(*chosen[1:])
                if self._answered:
                    self._away_since = None
                else:
                    self._last_away = time.monotonic()
                    self._away_since = self._asked if self._away_since is None else self._away_since
            return self._answered
