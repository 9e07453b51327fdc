"""Ctrl-C, where it has to wait a moment."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


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
