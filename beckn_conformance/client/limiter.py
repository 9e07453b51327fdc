"""Chooses who goes next when more is ready to be sent than the gateway should get at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable, Iterator

from . import clock

USUAL, MOST = 24, 64
"""Requests in flight unless their number is declared: at most, and while they are answered as fast as one alone."""
NARROW = 4
"""Requests in flight to a server that serves few connections at a time."""
PROMPT = 2.0
"""Times the fastest answer that one may take and count as prompt."""
FEW = 2
"""Answers by which the prompt ones are ahead of the others, or behind, when a place is opened or closed."""
STUCK, TIMES = 2.0, 4
"""Seconds, and times the fastest answer, after both of which a request is stuck if others are answered meanwhile. It is
served once fewer connections are open."""


class Places:
    """Limits what is under way; of those that wait, the one of the lowest rank goes next.

    A scenario of a low rank so ends before others, and can be judged meanwhile. ``limit`` is asked whenever a place may
    be given.
    """

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._taken = 0
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def place(self, rank: int = 0) -> AsyncIterator[None]:
        """Waits for a place, and holds it until the block is left."""
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), ready))
        self.admit()
        try:
            await ready
            yield
        finally:
            # Whoever is cancelled may have a place already.
            if ready.done() and not ready.cancelled():
                self._taken -= 1
                self.admit()

    def admit(self) -> None:
        """Gives places to those that wait, as far as the limit allows."""
        while self._waiting and self._taken < self._limit():
            _, _, ready = heapq.heappop(self._waiting)
            if not ready.done():
                self._taken += 1
                ready.set_result(None)


class ConcurrencyLimiter:
    """Places for requests in flight: fewer if the gateway asks for fewer, more again after a row of good answers.

    Unless their number is ``declared``, more are opened while a gateway answers many requests as fast as one alone, as
    one far away does. They are closed for good if it asks for fewer, or if a request waits while others are answered:
    some servers give each connection a thread, and have few of them.
    """

    def __init__(self, declared: int | None = None) -> None:
        self.usual = self.open = self.fewest = declared or USUAL
        self._most = declared or MOST
        self._good = 0
        self._fastest = math.inf
        self._since: dict[object, float] = {}
        """When each request was sent that is not answered yet, the earliest first."""
        self._places = Places(lambda: self.open)

    def place(self, *, first: bool = False) -> contextlib.AbstractAsyncContextManager[None]:
        """A place for a request; one that is ``first`` gets the next."""
        return self._places.place(-1 if first else 0)

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Within, a request is sent and its answer waited for."""
        request = object()
        self._since[request] = clock.monotonic()
        try:
            yield
        finally:
            del self._since[request]

    @property
    def is_raised(self) -> bool:
        """True while more than usual are in flight."""
        return len(self._since) > self.usual

    def lower(self) -> None:
        """Closes what is open beyond the usual, for good."""
        self._most = self.usual
        self.open = min(self.open, self.usual)

    def narrow(self) -> None:
        """Leaves few places for good, for a server that serves few connections at a time."""
        self.usual = min(self.usual, NARROW)
        self.lower()

    def close_half(self) -> None:
        half = self.open // 2
        self.lower()
        self.open = max(min(half, self.open), 1)
        self.fewest = min(self.fewest, self.open)
        self._good = 0

    def good(self, seconds: float) -> None:
        """Counts a good answer that took so long; two for each place open another one, as far as is usual."""
        self._fastest = min(self._fastest, seconds)
        if self.open >= self.usual:
            self._weigh(seconds)
            return
        self._good += 1
        if self._good >= 2 * self.open:
            self._good = 0
            self._open_another()

    def _weigh(self, seconds: float) -> None:
        """Opens one place more than usual while most answers are prompt, and closes one while they are not."""
        if clock.monotonic() - next(iter(self._since.values()), math.inf) > max(STUCK, TIMES * self._fastest):
            self.lower()
        self._good += 1 if seconds <= PROMPT * self._fastest else -1
        if abs(self._good) < FEW:
            return
        if self._good < 0:
            self.open = max(self.open - 1, self.usual)
        elif self.open < self._most:
            self._open_another()
        self._good = 0

    def _open_another(self) -> None:
        self.open += 1
        self._places.admit()
