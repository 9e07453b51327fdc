"""Chooses who goes next when more is ready to be sent than the gateway should get at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Callable


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
    """Places for requests in flight: fewer if the gateway asks for fewer, more again after a row of good answers."""

    def __init__(self, most: int) -> None:
        self.most = self.open = self.fewest = most
        self._good = 0
        self._places = Places(lambda: self.open)

    def place(self, *, first: bool = False) -> contextlib.AbstractAsyncContextManager[None]:
        """A place for a request; one that is ``first`` gets the next."""
        return self._places.place(-1 if first else 0)

    def close_half(self) -> None:
        self.open = max(self.open // 2, 1)
        self.fewest = min(self.fewest, self.open)
        self._good = 0

    def good(self) -> None:
        """Counts a good answer; two for each place open another one."""
        if self.open == self.most:
            return
        self._good += 1
        if self._good >= 2 * self.open:
            self._good = 0
            self.open += 1
            self._places.admit()
