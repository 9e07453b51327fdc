"""Carries requests over the network: which connection each goes over, and when one is not used again."""

from __future__ import annotations

import asyncio
from collections import deque
from urllib.parse import urlsplit

from ..config.gateway import GatewayConfig
from ..config.tls import tls_context
from ..messages.exchange import CLIENT_HEADERS, Raw, Reply, Request
from .connection import Connection, connect, proxy_fields
from .http import Closed, Unsent, head

LONGEST_IDLE = 1.5
"""Seconds after which an unused connection is closed; servers close theirs after 2 or more."""
SHARE_FOR_CONNECTING = 0.8
"""Share of the time until a reply is due that may pass until there is a connection."""
LARGEST_WRITE = 256 * 1024
"""Bytes of a request that are written at once."""


class Network:
    """Keeps connections alive between requests; each carries one request at a time.

    A request that must not get lost goes over no connection that its server may be about to close: none that lay idle
    for long, none that brought a server error, and none at all once a server was seen to close them unannounced.
    """

    def __init__(self, config: GatewayConfig) -> None:
        self.trailing = 0
        self._config = config
        self._idle: deque[Connection] = deque()
        self._closes_unannounced = False
        is_plain = urlsplit(config.url).scheme == "http"
        self._tls = None if is_plain else tls_context(config.tls)
        self._sweep: asyncio.TimerHandle | None = None
        self._is_absolute = config.proxy is not None and is_plain
        """True if requests go to the proxy itself, rather than through a tunnel."""
        self._fields = (*CLIENT_HEADERS, *(proxy_fields(config.proxy) if self._is_absolute else ()))

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        while self._idle:
            self._idle.pop().abort()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        if request.raw is not None:
            return await self._carry_raw(request, request.raw)
        written = head(request, *self._fields, target=request.url if self._is_absolute else "") + request.content
        pieces = [written[at : at + LARGEST_WRITE] for at in range(0, len(written), LARGEST_WRITE)]
        connection = self._used(repeatable)
        reused = connection is not None
        try:
            if connection is None:
                connection = await self._connect(request.method)
            else:
                connection.expect(request.method)
            reply = await connection.ask(pieces)
        # Nothing else closes the connection, also if whoever waits for the reply is cancelled.
        except BaseException as error:
            if isinstance(error, Closed):
                self._closes_unannounced |= reused
            elif isinstance(error, Unsent):
                # It was down, and has no habit of closing.
                self._closes_unannounced = False
            if connection is not None:
                connection.abort()
            raise
        self.trailing += connection.reader.surplus
        if reply.status >= 500 or not connection.reusable:
            connection.abort()
        else:
            self._keep(connection)
        return reply

    async def _carry_raw(self, request: Request, raw: Raw) -> Reply:
        connection = await self._connect(request.method)
        try:
            return await connection.ask(raw.pieces, raw)
        finally:
            connection.abort()

    async def _connect(self, method: str) -> Connection:
        config = self._config
        return await connect(config.url, method, self._tls, config.proxy, config.timeout * SHARE_FOR_CONNECTING)

    def _used(self, repeatable: bool) -> Connection | None:
        """A connection that was used before and may be again."""
        self._close_idle()
        if not self._idle:
            return None
        connection = self._idle.pop()
        if not connection.reusable or (self._closes_unannounced and not repeatable):
            connection.abort()
            return None
        return connection

    def _keep(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(LONGEST_IDLE, self._sweep_idle)

    def _sweep_idle(self) -> None:
        self._sweep = None
        self._close_idle()
        if self._idle:
            when = self._idle[0].idle_since + LONGEST_IDLE
            self._sweep = asyncio.get_running_loop().call_at(when, self._sweep_idle)

    def _close_idle(self) -> None:
        """Closes connections that lay idle for too long. The one used last is reused first, so they are in order."""
        since = asyncio.get_running_loop().time() - LONGEST_IDLE
        while self._idle and self._idle[0].idle_since <= since:
            self._idle.popleft().abort()
