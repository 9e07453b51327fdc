"""Ctrl-C and SIGTERM: treated alike, and held back in critical sections."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


def take_termination() -> Callable[[], object]:
    """Has SIGTERM, by which machines end what people end by Ctrl-C, do the same; returns what undoes that.

    It does so where Ctrl-C itself is ignored, as by what a shell runs in the background. Where somebody handles SIGTERM
    already, or outside of the main thread, it is left alone.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return lambda: None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keeps Ctrl-C and SIGTERM waiting until what must not be left half done is done; outside of the main thread they
    never come."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    handlers = {n: handler for n in (signal.SIGINT, signal.SIGTERM) if callable(handler := signal.getsignal(n))}
    for number in handlers:
        signal.signal(number, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for number_, frame in held[:1]:
        handlers[signal.Signals(number_)](number_, frame)
