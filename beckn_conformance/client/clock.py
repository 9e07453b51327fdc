"""The time during a run, by a clock that nobody can set."""

from __future__ import annotations

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


def now() -> float:
    """Seconds since the epoch, by the wall clock as it was when the process began; never goes back."""
    return _BASE + _elapsed()
