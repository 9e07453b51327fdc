"""Whose call goes next, where more scenarios play side by side than a gateway is to answer at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator


class Turns:
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
