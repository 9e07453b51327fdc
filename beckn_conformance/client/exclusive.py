"""Exclusive access: scenarios run side by side, but some of what they send must be alone on the way."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import Counter
from collections.abc import AsyncIterator


class Rank(enum.IntEnum):
    """The order of sections that wait to be alone."""

    FIRST = 0
    USUAL = 1
    LAST = 2


class ExclusiveAccess:
    """Lets scenarios run together, and sections of them alone. Scenarios that have no such section go first."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._together = 0
        self._waiting: Counter[Rank] = Counter()
        self._group = ""
        self._inside = 0
        self.stopped = ""
        """Why nothing more needs to be sent; empty while the gateway answers."""
        self.sure = True
        """False if other processes of the same run send at the same time."""
        self.answered = False
        """True if the gateway answered at the end of the last section that was alone."""
        self.refused = False
        """True once anything sent in a section that was alone got an answer other than an ACK."""
        self.closed = False
        """True once the connection of anything sent in such a section was closed without an answer."""
        self.asking = asyncio.Lock()
        """Held while the gateway is asked whether it answers, so that one of a group asks for all."""

    @contextlib.asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """For a whole scenario."""
        await self._enter_together()
        try:
            yield
        finally:
            async with self._changed:
                self._leave_together()

    def _leave_together(self) -> None:
        """Wakes those that wait only if it matters to them; often they are hundreds."""
        self._together -= 1
        if not self._together:
            self._changed.notify_all()

    async def _enter_together(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._inside)
            self._together += 1

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """For a while within ``together`` in which nothing is sent; others may be alone meanwhile."""
        async with self._changed:
            self._leave_together()
        try:
            yield
        finally:
            await self._enter_together()

    @contextlib.asynccontextmanager
    async def alone(self, group: str, rank: Rank = Rank.USUAL) -> AsyncIterator[None]:
        """For a section within ``together``: only sections of the same group are on the way at the same time."""
        async with self._changed:
            self._waiting[rank] += 1
            self._leave_together()
            try:
                await self._changed.wait_for(
                    lambda: (
                        not self._together
                        and (not self._inside or self._group == group)
                        and not any(self._waiting[other] for other in Rank if other < rank)
                    )
                )
                self._inside += 1
                self._group = group
            # Whoever is cancelled while it waits is still within ``together``.
            except BaseException:
                self._together += 1
                raise
            finally:
                self._waiting[rank] -= 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                if not self._inside:
                    self._changed.notify_all()
            await self._enter_together()
