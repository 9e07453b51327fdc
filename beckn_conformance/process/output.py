"""Keeps standard output and error usable if nobody reads them or they cannot encode a character."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class Lasting:
    """A stream that discards output once writing fails (``| head``, a full disk).

    Otherwise the exception would end the run with status 1, that of a non-conformant gateway.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Discards everything from now on, including Python's own buffer."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            self._stream.flush()


@contextlib.contextmanager
def lasting() -> Iterator[None]:
    """Keeps standard output and error usable, and flushes them at the end."""
    # Python has no stream for one that the shell closed (``>&-``); code that flushes at exit expects one.
    before = [stream or open(os.devnull, "w", encoding="utf-8") for stream in (sys.stdout, sys.stderr)]  # noqa: SIM115
    for stream in before:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    streams = [Lasting(stream) for stream in before]
    sys.stdout, sys.stderr = cast("list[TextIO]", streams)
    try:
        yield
    finally:
        for each in streams:
            with contextlib.suppress(ValueError):
                each.flush()
        sys.stdout, sys.stderr = before
