"""The time during a run, by a clock that nobody can set."""

from __future__ import annotations

import asyncio
import itertools
import selectors
import time
from collections.abc import Callable


def _elapsed() -> float:
    """Seconds since some moment, including those in which the machine was suspended, if it counts them."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


def _counting_suspension() -> int | None:
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        try:
            clock: int = getattr(time, name)
            time.clock_gettime(clock)
        except (AttributeError, OSError):
            continue
        return clock
    return None


_CLOCK = _counting_suspension()
_BASE = time.time() - _elapsed()
"""The wall clock is read once per process, so that setting it does not change the order of exchanges."""


TICK = 1e-5
"""Seconds that pass on the clock of a LeapingLoop whenever somebody reads it."""


def now() -> float:
    """Seconds since the epoch, by the wall clock as it was when the process began; never goes back."""
    return _BASE + (_elapsed() if _leaping is None else _leaping.time())


def monotonic() -> float:
    """Seconds since some moment; how long the machine was suspended may not count."""
    return time.monotonic() if _leaping is None else _leaping.time()


class LeapingLoop(asyncio.SelectorEventLoop):
    """Event loop for gateways in this process. If nobody has anything to do, the clock leaps to the next timer.

    Work takes no time but a tick, so it makes no difference how fast the machine is. The clock of the process is that
    of the loop until it is closed, so there is one such loop at a time.
    """

    def __init__(self) -> None:
        global _leaping
        self._leapt = _elapsed()
        self._ticks = itertools.count()
        super().__init__(_LeapingSelector(self.leap))
        _leaping = self

    def time(self) -> float:
        return self._leapt + next(self._ticks) * TICK

    def leap(self, seconds: float) -> None:
        self._leapt += seconds

    def close(self) -> None:
        global _leaping
        super().close()
        _leaping = None


_leaping: LeapingLoop | None = None


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0:
            # Somebody has something to do. It is soon enough to look at sockets and pipes after that.
            return []
        ready = super().select(timeout and 0)
        if timeout and not ready:
            self._leap(timeout)
        return ready
