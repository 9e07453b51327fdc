"""One connection to a gateway, direct or through a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import ssl
import struct
from collections.abc import Iterator, Sequence
from typing import cast
from urllib.parse import urlsplit

from ..config.proxies import authorization
from ..config.urls import PORTS
from ..messages.exchange import CLIENT_HEADERS, Raw, Reply, Request
from . import reach
from .http import BrokenOff, ReplyTooLarge, Unsent, head, one_line
from .reply_reader import ReplyReader

NEXT_ADDRESS = 0.25
"""Seconds until the next address of a host is tried besides (RFC 8305)."""
LONGEST_SUCCESS = 1.0
"""Seconds that a connection may take from its success, whose moment is not known, until it can be closed."""
LARGEST_READ = 64 * 1024
NO_LINGERING = struct.pack("ii", 1, 0)
"""With it, closing a socket resets the connection."""
USER_AGENT = CLIENT_HEADERS[0]
"""Some proxies turn clients away that do not say who they are."""


class Connection(asyncio.Protocol):
    """Carries one request at a time. It reads while it sends, as a server may answer before it has read everything.

    ``method`` is that of the first request.
    """

    def __init__(self, method: str) -> None:
        self.transport: asyncio.Transport | None = None
        self.idle_since = 0.0
        self._room: asyncio.Future[None] | None = None
        """Resolved once more can be written, or nothing needs to be any more; None while there is room."""
        self.expect(method)

    def expect(self, method: str) -> None:
        """Makes ready for the reply to a request with this method."""
        self._ends = False
        self.reader = ReplyReader(method)
        self._reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    @property
    def reusable(self) -> bool:
        """True if another request can follow: the last one was sent and answered, and nothing else came since."""
        transport = self.transport
        return not (self._ends or transport is None or transport.is_closing() or transport.get_write_buffer_size())

    def abort(self) -> None:
        self._ends = True
        if self.transport is not None:
            self.transport.abort()

    async def ask(self, pieces: Sequence[bytes], raw: Raw | None = None) -> Reply:
        """Sends the pieces of a request, until it is answered, and returns the whole reply.

        ``raw`` says how malformed requests are sent. Raises BrokenOff, ReplyTooLarge, or TimeoutError.
        """
        assert self.transport is not None
        for number, piece in enumerate(pieces):
            if number:
                # A look at what has come meanwhile, at least.
                await asyncio.wait({self._reply}, timeout=raw.pause if raw else 0)
                if self._room is not None:
                    await self._room
            if self._reply.done():
                self._ends = True
                break
            self.transport.write(piece)
        if raw is not None:
            # The gateway may have reset the connection a moment ago, which the loop does not know yet.
            with contextlib.suppress(OSError):
                _end(self.transport, raw.ending)
            if raw.ending == "reset":
                self._settle(BrokenOff("broken off by the kit"))
            await asyncio.wait({self._reply}, timeout=raw.wait)
            if not self._reply.done():
                raise TimeoutError(f"no reply within {raw.wait:g} s after the last byte")
        return await self._reply

    def _settle(self, reply: Reply | Exception) -> None:
        """Ends the waiting for a reply."""
        if not isinstance(reply, Exception):
            self._ends |= self._room is not None or not self.reader.keeps_alive
            self._reply.set_result(reply)
        elif not self._reply.done():
            self._reply.set_exception(reply)
            # Nobody may be waiting any more.
            self._reply.exception()
        self.resume_writing()
        if isinstance(reply, Exception):
            self.abort()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # That of another loop, such as uvloop's, need not be of this class.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._reply.done():
            # An answer to nothing must not be taken for one to the next request.
            self.abort()
            return
        try:
            reply = self.reader.feed(data)
        except (BrokenOff, ReplyTooLarge) as error:
            self._settle(error)
        else:
            if reply is not None:
                self._settle(reply)

    def eof_received(self) -> None:
        self._ends = True
        self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None and self.transport is not None:
            for data in _left(self.transport):
                if not self._reply.done():
                    self.data_received(data)
        self._settle(self.reader.break_off(one_line(error) if error else "closed before a reply came"))

    def pause_writing(self) -> None:
        if not self._reply.done():
            self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None


def _end(transport: asyncio.Transport, ending: str) -> None:
    """Half-closes a connection, or has it reset when it is closed."""
    if ending == "half-close" and transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
    if ending == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)


def _left(transport: asyncio.Transport) -> Iterator[bytes]:
    """Yields what arrived before a write failed, except over TLS: servers may refuse a request half read."""
    if transport.get_extra_info("sslcontext") is not None:
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as s:
        s.setblocking(False)
        while data := s.recv(LARGEST_READ):
            yield data


async def connect(
    url: str, method: str, context: ssl.SSLContext | None, proxy: str | None, patience: float
) -> Connection:
    """A connection for a request to a URL; only plain HTTP may go without a ``context``.

    A proxy opens a tunnel if there is a ``context``. Raises Unsent, after ``patience`` seconds at the latest.
    """
    parts = urlsplit(url)
    if context is None and parts.scheme != "http":
        raise ValueError(f"{parts.scheme} without a TLS context")
    port = parts.port or PORTS[parts.scheme]
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(patience):
            if proxy is None:
                connection = await _open(host, port, method, context)
            else:
                connection = await _open_through(proxy, host, port, method, context)
            # A server that refuses the client's certificate says so after the handshake (TLS 1.3).
            await asyncio.sleep(0)
            return connection
    except TimeoutError as error:
        raise Unsent("no answer to the attempt to connect") from error
    except ssl.SSLCertVerificationError as error:
        raise Unsent(f"{one_line(error)}; an authority of your own is declared as tls: {{ca: FILE}}") from error
    except (OSError, UnicodeError) as error:
        # Some host names have no encoding.
        raise Unsent(one_line(error)) from error


async def _open(host: str, port: int, method: str, context: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    make = functools.partial(Connection, method)
    if isinstance(loop, asyncio.BaseEventLoop):
        made = loop.create_connection(make, host, port, ssl=context, happy_eyeballs_delay=NEXT_ADDRESS)
    else:
        # uvloop's has no such option.
        reach.need_asyncio()
        made = loop.create_connection(make, host, port, ssl=context)
    with reach.towards(host):
        attempt = asyncio.ensure_future(made)
    try:
        _, connection = await asyncio.shield(attempt)
    except asyncio.CancelledError:
        # Cancelled at the moment of success, asyncio would leave the socket open.
        attempt.add_done_callback(_hang_up)
        loop.call_later(LONGEST_SUCCESS, attempt.cancel)
        raise
    return connection


def _hang_up(attempt: asyncio.Future[tuple[asyncio.Transport, Connection]]) -> None:
    """Closes a connection that nobody waits for any more."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result()[0].abort()


async def _open_through(proxy: str, host: str, port: int, method: str, context: ssl.SSLContext | None) -> Connection:
    parts = urlsplit(proxy)
    first = method if context is None else "CONNECT"
    try:
        connection = await _open(parts.hostname or "", parts.port or 80, first, None)
    except OSError as error:
        raise Unsent(f"no connection to the proxy: {one_line(error)}") from error
    if context is None:
        return connection
    try:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        request = Request("CONNECT", f"http://{where}", proxy_fields(proxy), b"")
        reply = await connection.ask([head(request, USER_AGENT, target=where)])
        if not 200 <= reply.status < 300:
            raise Unsent(f"the proxy opens no tunnel, and says status {reply.status}")
        assert connection.transport is not None
        connection.expect(method)
        connection.transport = await asyncio.get_running_loop().start_tls(
            connection.transport, connection, context, server_hostname=host
        )
    except (BrokenOff, ReplyTooLarge) as error:
        connection.abort()
        raise Unsent(f"the proxy opens no tunnel: {error}") from error
    # Nothing else closes it, also if whoever waits for it is cancelled.
    except BaseException:
        connection.abort()
        raise
    return connection


def proxy_fields(proxy: str | None) -> tuple[tuple[str, str], ...]:
    """The header fields for a proxy: its user and password, if its URL has them."""
    user = authorization(proxy) if proxy else ""
    return (("Proxy-Authorization", user),) if user else ()
