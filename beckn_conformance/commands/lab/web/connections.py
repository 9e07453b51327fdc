"""Closes connections that are too many, or on which a request does not come in time, so that nobody holds them for
nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    import resource
except ImportError:  # Windows has no such limit.
    resource = None  # type: ignore[assignment]

FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource is not None else -1
"""Files that the process may open; negative without a limit."""
MOST = FILES // 2 if FILES >= 0 else 500
"""Connections at a time. They share the files that a process may open with the database and the runs."""
BACKLOG = 64
"""Connections that are accepted before they are counted."""
LOOK = 5.0
"""Seconds between two looks at a connection."""
WITHIN = 30.0
"""Seconds until a request has begun, until each part of it has come, and until it is whole."""
PART = 64 * 1024
"""Bytes."""


class Connection(H11Protocol):
    """A connection of HTTP/1.1 that waits for its client only so long. Replies may take any time."""

    _received = 0
    _since = 0.0
    _state: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to look at it."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()
        self._look()

    def data_received(self, data: bytes) -> None:
        """Counts what comes."""
        self._received += len(data)
        super().data_received(data)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle
        idle = cycle is None or cycle.response_complete
        state = (cycle, idle, not idle and cycle.more_body and self._received // PART)
        if state != self._state or (not idle and not cycle.more_body):
            self._state, self._since = state, self.loop.time()
        if self.loop.time() - self._since > WITHIN:
            self.transport.abort()
        else:
            self.loop.call_later(LOOK, self._look)
