"""One connection to a gateway: bytes go out as they are, and h11 reads the replies (RFC 9112)."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

import h11

from ..config.proxies import authorization
from ..messages.exchange import Raw, Reply, Request
from .http import LARGEST_HEAD, BrokenOff, Closed, Content, ReplyTooLarge, Unsent, head, one_line, reply_of

NEXT_ADDRESS = 0.25
"""Seconds until the next address of a host is tried besides (RFC 8305)."""
MOST_INFORMATIONAL = 100
"""Informational replies (1xx) before the final one."""
TOO_LARGE = 431
"""The status that h11 suggests if a head exceeds its limit."""
SWITCHING = 101


@functools.cache
def _announced(method: str) -> h11.Request:
    """What h11 has to know of a request to read its reply: whether a body may follow, and that a 101 is final."""
    fields = [("Host", "any"), ("Connection", "upgrade"), ("Upgrade", "any")]
    return h11.Request(method=method, target="any", headers=fields)


class Connection(asyncio.Protocol):
    """Carries one request at a time. It reads while it sends, as a server may answer before it has read everything."""

    def __init__(self) -> None:
        self.surplus = False
        """Whether bytes followed the compressed content of the last reply."""
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: h11.Connection | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._response: h11.Response | h11.InformationalResponse | None = None
        self._content = Content(())
        self._method = ""
        self._informational = 0
        self._heard = False
        self._room: asyncio.Future[None] | None = None
        """Resolved when more can be written, or nothing needs to be any more; None while there is room."""
        self._ends = False
        self._why = "closed before anything was sent"

    @property
    def reusable(self) -> bool:
        """Whether another request can follow: the last one was sent and answered, and nothing else came since."""
        transport = self._transport
        return not (self._ends or transport is None or transport.is_closing() or transport.get_write_buffer_size())

    def abort(self) -> None:
        self._ends = True
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, context, server_hostname=host)

    async def ask(self, pieces: Sequence[bytes], method: str, raw: Raw | None = None) -> Reply:
        """Sends the pieces of a request, until it is answered, and returns the whole reply.

        ``raw`` says how malformed requests are sent. Raises Unsent, BrokenOff, ReplyTooLarge, or TimeoutError.
        """
        assert self._transport is not None
        if self._transport.is_closing():
            raise Unsent(self._why)
        self._begin(method)
        assert self._reply is not None
        for number, piece in enumerate(pieces):
            if number and raw and raw.pause:
                await asyncio.wait({self._reply}, timeout=raw.pause)
            if self._room is not None:
                await self._room
            if self._reply.done():
                self._ends = True
                break
            self._transport.write(piece)
        if raw is not None:
            await self._end(raw)
        return await self._reply

    async def _end(self, raw: Raw) -> None:
        assert self._transport is not None
        assert self._reply is not None
        if raw.ending == "half-close" and self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        if raw.ending == "reset":
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._fail(BrokenOff("broken off by the kit"))
        await asyncio.wait({self._reply}, timeout=raw.wait)
        if not self._reply.done():
            raise TimeoutError(f"no reply within {raw.wait:g} s after the last byte")

    def _begin(self, method: str) -> None:
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._parser.send(_announced(method))
        self._reply = asyncio.get_running_loop().create_future()
        self._response, self._method, self._informational, self._heard = None, method, 0, False

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # That of another loop, such as uvloop's, need not be of this class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._reply is None or self._reply.done():
            # An answer to nothing must not be taken for one to the next request.
            self.abort()
            return
        self._heard = True
        self._read(data)

    def eof_received(self) -> None:
        self._ends = True
        if self._heard:
            self._read(b"")

    def connection_lost(self, error: Exception | None) -> None:
        self._ends = True
        self._why = one_line(error) if error else self._why
        if self._heard:
            self._fail(BrokenOff("the reply breaks off"))
        else:
            self._fail(Closed(self._why if error else "closed before a reply came"))

    def pause_writing(self) -> None:
        if self._reply is None or not self._reply.done():
            self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    # Reading.

    def _read(self, data: bytes) -> None:
        assert self._parser is not None
        assert self._reply is not None
        try:
            self._parser.receive_data(data)
            while not self._reply.done() and (event := self._parser.next_event()) is not h11.NEED_DATA:
                self._take(event)
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == TOO_LARGE:
                self._fail(ReplyTooLarge(f"more than {LARGEST_HEAD // 1024} KiB of header fields came back"))
            elif not data:
                self._fail(BrokenOff("the reply breaks off"))
            else:
                self._fail(BrokenOff(f"the reply is no HTTP: {one_line(error)}"))
        except (BrokenOff, ReplyTooLarge) as error:
            self._fail(error)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Data):
            self._content.add(event.data)
        elif isinstance(event, h11.EndOfMessage):
            self._finish()
        elif isinstance(event, h11.Response) or (
            isinstance(event, h11.InformationalResponse) and event.status_code == SWITCHING
        ):
            self._response = event
            self._content = Content(v.decode("latin-1") for k, v in event.headers if k == b"content-encoding")
            if event.status_code == SWITCHING or (self._method == "CONNECT" and event.status_code < 300):
                # What follows is another protocol.
                self._finish()
        elif isinstance(event, h11.InformationalResponse):
            self._informational += 1
            if self._informational > MOST_INFORMATIONAL:
                raise BrokenOff(f"more than {MOST_INFORMATIONAL} informational replies came, and no other")
        else:
            raise BrokenOff("the reply breaks off")

    def _finish(self) -> None:
        assert self._parser is not None
        assert self._reply is not None
        assert self._response is not None
        response, parser = self._response, self._parser
        content, self.surplus = self._content.whole()
        reply = reply_of(response.status_code, response.headers.raw_items(), content)
        self._ends |= parser.their_state is not h11.DONE or bool(parser.trailing_data[0]) or self._room is not None
        self._reply.set_result(reply)
        self.resume_writing()

    def _fail(self, error: Exception) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
            # It is raised to whoever waits; there need not be anybody any more.
            self._reply.exception()
        self.resume_writing()
        self.abort()


async def connect(url: str, context: ssl.SSLContext | None, proxy: str | None, patience: float) -> Connection:
    """A connection for requests to a URL; only plain HTTP may go without a ``context``.

    A proxy opens a tunnel if there is a ``context``. Raises Unsent, after ``patience`` seconds at the latest.
    """
    parts = urlsplit(url)
    if context is None and parts.scheme != "http":
        raise ValueError(f"{parts.scheme} without a TLS context")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(patience):
            if proxy is None:
                connection = await _open(host, port, context)
            else:
                connection = await _open_through(proxy, host, port, context)
            # A server that refuses the client's certificate says so after the handshake (TLS 1.3).
            await asyncio.sleep(0)
            return connection
    except TimeoutError as error:
        raise Unsent("no answer to the attempt to connect") from error
    except (OSError, UnicodeError) as error:
        # Some host names have no encoding.
        raise Unsent(one_line(error)) from error


async def _open(host: str, port: int, context: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    if isinstance(loop, asyncio.BaseEventLoop):
        made = loop.create_connection(Connection, host, port, ssl=context, happy_eyeballs_delay=NEXT_ADDRESS)
    else:
        # uvloop's has no such option.
        made = loop.create_connection(Connection, host, port, ssl=context)
    _, connection = await made
    return connection


async def _open_through(proxy: str, host: str, port: int, context: ssl.SSLContext | None) -> Connection:
    parts = urlsplit(proxy)
    try:
        connection = await _open(parts.hostname or "", parts.port or 80, None)
    except OSError as error:
        raise Unsent(f"no connection to the proxy: {one_line(error)}") from error
    if context is None:
        return connection
    try:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        request = Request("CONNECT", f"http://{where}", proxy_fields(proxy), b"")
        reply = await connection.ask([head(request, target=where)], "CONNECT")
        if not 200 <= reply.status < 300:
            raise Unsent(f"the proxy opens no tunnel, and says status {reply.status}")
        await connection.start_tls(context, host)
    except (BrokenOff, ReplyTooLarge) as error:
        connection.abort()
        raise Unsent(f"the proxy opens no tunnel: {error}") from error
    except BaseException:
        connection.abort()
        raise
    return connection


def proxy_fields(proxy: str | None) -> tuple[tuple[str, str], ...]:
    """The header fields for a proxy: its user and password, if its URL has them."""
    user = authorization(proxy) if proxy else ""
    return (("Proxy-Authorization", user),) if user else ()
