"""Whose call goes next, where more scenarios play side by side than a gateway is to answer at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator


class RankedTurns:
    """Lets a number of calls be under way; of those that wait, the one of the lowest rank goes next.

    So a scenario that began before others also ends before them, and what came back of it can be judged meanwhile.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[None]:
        """Waits until a call of this rank may be made; another may be once the block is left."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(rank)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, rank: int) -> None:
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), ready))
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, ready = heapq.heappop(self._waiting)
            if not ready.done():
                ready.set_result(None)
                return
        self._free += 1


class ConcurrencyLimiter:
    """Places for requests in flight: fewer while the gateway asks for it, more again after a row of good answers."""

    def __init__(self, most: int) -> None:
        self.most = self.open = self.fewest = most
        self._taken = 0
        self._good = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    async def enter(self, *, first: bool = False) -> None:
        """Waits for a place; ``first`` goes to the head of the queue."""
        if self._taken < self.open and not self._queue:
            self._taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._queue.appendleft(turn)
        else:
            self._queue.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        self._taken -= 1
        if self._queue:
            self._admit()

    def _admit(self) -> None:
        while self._queue and self._taken < self.open:
            turn = self._queue.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)

    def close_half(self) -> None:
        self.open = max(self.open // 2, 1)
        self.fewest = min(self.fewest, self.open)
        self._good = 0

    def good(self) -> None:
        """Counts a good answer; after two for each place there is one place more."""
        if self.open == self.most:
            return
        self._good += 1
        if self._good >= 2 * self.open:
            self._good = 0
            self.open += 1
            self._admit()
