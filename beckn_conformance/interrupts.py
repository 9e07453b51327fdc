"""Ctrl-C: where it has to wait a moment, and what else is taken for it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


def take_termination() -> Callable[[], object]:
    """Has SIGTERM, by which machines end what people end by Ctrl-C, do the same; gives what undoes that.

    Where somebody handles it already, or outside of the main thread, it is left alone.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return lambda: None
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    return lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keeps Ctrl-C waiting until what must not be left half done is done; outside of the main thread it never comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        # What was not set from Python cannot be set again.
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
    if held and callable(before):
        before(*held[0])
