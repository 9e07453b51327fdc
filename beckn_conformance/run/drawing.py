"""Draws examples in a process beside this one, which plays and judges meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

from .examples import Examples

Chunk = tuple[str, int, int]
"""The name of a property, the number of a chunk of its examples, and how many examples it has."""
THREADS = Path("/proc/self/task")


class Drawer:
    """Draws chunks of examples in the order in which they are ordered.

    They are drawn by a process that is forked from this one, so it draws what this one would. Forking is safe on Linux
    while there is one thread. Elsewhere, and once the process is lost, nothing is drawn beside this process.
    """

    def __init__(self, properties: Mapping[str, Examples]) -> None:
        self._ordered: deque[Chunk] = deque()
        self._drawn: dict[Chunk, list[Any]] = {}
        self._line: Connection | None = None
        if properties and THREADS.is_dir() and len(os.listdir(THREADS)) == 1:
            # There may be no room for another process.
            with contextlib.suppress(OSError):
                self._fork(properties)

    def _fork(self, properties: Mapping[str, Examples]) -> None:
        mine, line = Pipe()
        self._process = os.fork()
        if not self._process:
            mine.close()
            _serve(line, properties)
        line.close()
        self._line = mine

    def order(self, chunk: Chunk) -> None:
        """Has a chunk drawn."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(chunk)
                self._ordered.append(chunk)

    def has(self, chunk: Chunk) -> bool:
        """True unless the chunk is still being drawn."""
        while chunk in self._ordered and self._line is not None and self._line.poll():
            self._receive(self._line)
        return chunk not in self._ordered

    def take(self, chunk: Chunk) -> list[Any] | None:
        """Waits for a chunk; None for one that is not drawn beside this process."""
        while chunk in self._ordered and self._line is not None:
            self._receive(self._line)
        return self._drawn.pop(chunk, None)

    def _receive(self, line: Connection) -> None:
        try:
            # It comes from a process of this run, through the pipe to it.
            self._drawn[self._ordered[0]] = line.recv()
            self._ordered.popleft()
        except (EOFError, OSError):
            self.close()

    def close(self) -> None:
        """Ends the process. It may be called more than once."""
        self._ordered.clear()
        if self._line is not None:
            self._line.close()
            self._line = None
            with contextlib.suppress(OSError):
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)


def _serve(line: Connection, properties: Mapping[str, Examples]) -> NoReturn:
    """Draws until the other process is gone. Whatever fails here fails there, too, and is reported there."""
    try:
        # Ctrl-C reaches both processes, and the other one decides when to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            name, number, count = line.recv()
            line.send(properties[name].chunk(number, count))
    finally:
        os._exit(0)
