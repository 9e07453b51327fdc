"""The time during a run, by a clock that nobody can set."""

from __future__ import annotations

import asyncio
import selectors
import time


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


_leapt = 0.0
"""Seconds by which a LeapingLoop is ahead."""


def now() -> float:
    """Seconds since the epoch, by the wall clock as it was when the process began; never goes back."""
    return _BASE + _elapsed() + _leapt


def monotonic() -> float:
    """Seconds since some moment; how long the machine was suspended may not count."""
    return time.monotonic() + _leapt


class LeapingLoop(asyncio.SelectorEventLoop):
    """Event loop for gateways in this process. If nobody has anything to do, the clock leaps to the next timer.

    The clock of the process is that of the loop until it is closed, so there is one such loop at a time.
    """

    def __init__(self) -> None:
        super().__init__(_LeapingSelector())

    def time(self) -> float:
        return monotonic()

    def close(self) -> None:
        global _leapt
        super().close()
        _leapt = 0.0


class _LeapingSelector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        global _leapt
        if timeout == 0:
            # Somebody has something to do. It is soon enough to look at sockets and pipes after that.
            return []
        ready = super().select(timeout and 0)
        if timeout and not ready:
            _leapt += timeout
        return ready
