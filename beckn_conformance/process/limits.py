"""Bounds what this process may take for something that a stranger has written."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from ..errors import UsageError

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

SECONDS = 60.0
"""Processor time."""
JUDGING = 3600.0
"""Processor time for a recording or a record. The largest that are accepted take a quarter of it."""
MEMORY = 3 << 30
"""Bytes of address space."""


@contextlib.contextmanager
def limited(what: str, seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Raises UsageError once more processor time or memory is taken; ``what`` takes it. For the main thread only."""
    if resource is None:
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise UsageError(f"{what} takes more than {seconds:g} s of processor time")

    before, left = signal.signal(signal.SIGPROF, late), signal.getitimer(signal.ITIMER_PROF)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        if soft == resource.RLIM_INFINITY or memory < soft:
            # Not every system can limit memory.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_AS, (memory, hard))
        # Again and again, because a library may swallow the first exception.
        signal.setitimer(signal.ITIMER_PROF, seconds, seconds / 60)
        yield
    except MemoryError as error:
        raise UsageError(f"{what} takes more than {memory / 2**30:g} GB of memory") from error
    finally:
        # One may stand within another.
        signal.setitimer(signal.ITIMER_PROF, *left)
        signal.signal(signal.SIGPROF, before)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
