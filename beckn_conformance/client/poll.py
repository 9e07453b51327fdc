"""Asks again and again, with growing pauses, until an answer will do."""

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
    """The first answer that ``done`` takes; it is given the answer and the time at which that was asked for.

    Times are those of the clock of exchanges, in seconds. Pauses double up to ``longest`` seconds. None goes on far
    beyond ``until``, so that the last question is asked soon after it.
    """
    pause = FIRST_PAUSE
    while True:
        began = clock.now()
        answer = await ask()
        if done(answer, began):
            return answer
        await sleep(min(pause, max(until() - clock.now() + SHORTEST_PAUSE, SHORTEST_PAUSE)))
        pause = min(pause * 2, longest)
