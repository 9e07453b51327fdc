"""What time it is during a run, by a clock that nobody sets."""

from __future__ import annotations

import time


def _elapsed() -> float:
    """Seconds since some moment, those of which the machine was suspended included where it counts them."""
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
"""The wall clock is asked once in a process: the order of exchanges must not depend on whether it is set meanwhile."""


def now() -> float:
    """Seconds since the epoch by the wall clock as it was when the process began; it never goes back."""
    return _BASE + _elapsed()
