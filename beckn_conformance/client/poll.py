"""Repeats a question, with growing pauses, until an answer will do."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from . import clock

T = TypeVar("T")

FIRST_PAUSE = 0.05
SHORTEST_PAUSE = 0.01


async def poll(
    ask: Callable[[], Awaitable[T]],
    done: Callable[[T, float], bool],
    *,
    longest: float = math.inf,
    until: Callable[[], float] = lambda: math.inf,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """The first answer that ``done`` accepts, given the answer and the time at which it was asked for.

    Times are in seconds, by ``clock.now``. Pauses double up to ``longest`` seconds. None lasts far beyond ``until``, so
    that the last question is asked soon after it.
    """
    pause = FIRST_PAUSE
    while True:
        began = clock.now()
        answer = await ask()
        if done(answer, began):
            return answer
        await sleep(min(pause, max(until() - clock.now() + SHORTEST_PAUSE, SHORTEST_PAUSE)))
        pause = min(pause * 2, longest)
