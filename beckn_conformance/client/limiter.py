"""Who goes next when more calls are ready than the gateway should get at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable


class RankedTurns:
    """Limits the number of calls under way, and lets the waiting one of the lowest rank go next.

    A scenario that began before others so ends before them, and can be judged meanwhile. While ``is_short`` says that
    memory is, only one call is under way, that of the lowest rank.
    """

    def __init__(self, most: int, is_short: Callable[[], bool] = lambda: False) -> None:
        self._most = most
        self._is_short = is_short
        self._under_way = 0
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[None]:
        """Waits until a call of this rank may be made; another may be made once the block is left."""
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), ready))
        self._admit()
        try:
            await ready
            yield
        finally:
            # One that is given up may have been admitted already.
            if ready.done() and not ready.cancelled():
                self._under_way -= 1
                self._admit()

    def _admit(self) -> None:
        while self._waiting and self._under_way < (1 if self._is_short() else self._most):
            _, _, ready = heapq.heappop(self._waiting)
            if not ready.done():
                self._under_way += 1
                ready.set_result(None)


class ConcurrencyLimiter:
    """Places for requests in flight: fewer if the gateway asks for fewer, more again after a row of good answers."""

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
        """Counts a good answer; two for each place open another one."""
        if self.open == self.most:
            return
        self._good += 1
        if self._good >= 2 * self.open:
            self._good = 0
            self.open += 1
            self._admit()
