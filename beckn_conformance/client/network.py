"""Carries requests over the network: which connection each goes over, and when one is not used again."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
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
STUCK = 4.0
"""Seconds that a request waits on a new connection while others are answered on old ones, after which it is stuck: some
servers serve a connection until it is closed, and only a few at a time."""
LARGEST_WRITE = 256 * 1024
"""Bytes of a request that are written at once."""


class Network:
    """Keeps connections alive between requests; each carries one request at a time.

    A request that must not get lost goes over no connection that its server may be about to close: none that lay idle
    for long, none that brought a server error, and none at all once a server was seen to close them unannounced. No
    request does so to a server that serves few connections at a time.
    """

    def __init__(self, config: GatewayConfig) -> None:
        self.trailing = 0
        self._config = config
        self._idle: deque[Connection] = deque()
        self._closes_unannounced = False
        self.is_narrow = False
        self._new: dict[object, float] = {}
        """When each request came that is not answered yet and had no connection to reuse, the earliest first."""
        is_plain = urlsplit(config.url).scheme == "http"
        self._tls = None if is_plain else tls_context(config.tls)
        self._sweep: asyncio.TimerHandle | None = None
        self._is_absolute = config.proxy is not None and is_plain
        """True if requests go to the proxy itself, rather than through a tunnel."""
        self._fields = (*CLIENT_HEADERS, *(proxy_fields(config.proxy) if self._is_absolute else ()))

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._close_all()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        if request.raw is not None:
            return await self._carry_raw(request, request.raw)
        written = head(request, *self._fields, target=request.url if self._is_absolute else "") + request.content
        pieces = [written[at : at + LARGEST_WRITE] for at in range(0, len(written), LARGEST_WRITE)]
        connection = self._used(repeatable)
        reused = connection is not None
        try:
            if connection is None:
                with self._beginning():
                    connection = await self._connect(request.method)
                    reply = await connection.ask(pieces)
            else:
                connection.expect(request.method)
                reply = await connection.ask(pieces)
                self._look_for_stuck()
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
        if reply.status >= 500 or self.is_narrow or not connection.reusable:
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

    @contextlib.contextmanager
    def _beginning(self) -> Iterator[None]:
        """Within, a request goes over a connection of its own."""
        request = object()
        self._new[request] = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            del self._new[request]

    def _look_for_stuck(self) -> None:
        """Takes the server for one that serves few connections at a time if a request is stuck."""
        now = asyncio.get_running_loop().time()
        if now - next(iter(self._new.values()), now) > STUCK:
            self.is_narrow = True
            self._close_all()

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

    def _close_all(self) -> None:
        while self._idle:
            self._idle.pop().abort()

    def _close_idle(self) -> None:
        """Closes connections that lay idle for too long. The one used last is reused first, so they are in order."""
        since = asyncio.get_running_loop().time() - LONGEST_IDLE
        while self._idle and self._idle[0].idle_since <= since:
            self._idle.popleft().abort()
