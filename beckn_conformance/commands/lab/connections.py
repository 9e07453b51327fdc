"""Closes connections on which a request does not come in time, so that nobody holds them for nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

LOOK = 5.0
"""Seconds between two looks at a connection."""
HEAD_WITHIN = 30.0
"""Seconds until the next request has begun."""
BODY_WITHIN = 600.0
"""Seconds until all of a request has come."""


class Connection(H11Protocol):
    """A connection of HTTP/1.1 that waits for its client only so long. Replies may take any time."""

    _state: tuple[object, bool | None] = (None, None)
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to look at it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._later()

    def _later(self) -> None:
        self.loop.call_later(LOOK, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        cycle: Any = self.cycle
        state = (cycle, None if cycle is None or cycle.response_complete else cycle.more_body)
        if state != self._state:
            self._state, self._since = state, now
        waiting = {None: HEAD_WITHIN, True: BODY_WITHIN}.get(state[1])
        if waiting is not None and now - self._since > waiting:
            self.transport.abort()
        else:
            self._later()
