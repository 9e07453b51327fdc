"""Raw connections: sends bytes that an HTTP client refuses to send, and reads back one HTTP/1.x reply."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from urllib.parse import urlsplit

import h11

from ..config.proxies import authorization, has_user
from ..messages.exchange import Raw, Reply, Request, Trouble, TroubleKind
from ..untrusted.text import brief
from .content_coding import Decoding, Undecodable

CHUNK = 64 * 1024
LONGEST_HEAD = 256 * 1024
"""Bytes of status line and header fields that are read of a reply."""


def head(request: Request) -> bytes:
    """Request line and header fields of a request as a client would send them, to be spoilt; ends in an empty line."""
    parts = urlsplit(request.url)
    lines = [f"{request.method} {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += [f"Content-Length: {len(request.content)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


async def send(
    request: Request,
    raw: Raw,
    context: ssl.SSLContext | None,
    proxy: str | None = None,
    *,
    patience: float,
    longest: int,
) -> tuple[Reply | None, Trouble | None]:
    """Sends raw bytes to where a request would go; gives the reply, or the trouble that kept it from coming.

    Only plain HTTP may go without a ``context``. Never raises for what the other side does, and ends within
    ``patience`` seconds besides the pauses between pieces.
    ``longest`` is the most of a reply's content, in bytes, that is read.
    """
    parts = urlsplit(request.url)
    if context is None and parts.scheme != "http":
        raise ValueError(f"{parts.scheme} without a TLS context")
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(patience + raw.pause * len(raw.pieces)):
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if proxy is None:
                reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            else:
                reader, writer = await _tunnel(parts.netloc if parts.port else f"{parts.netloc}:{port}", proxy)
                if context is not None:
                    await writer.start_tls(context, server_hostname=parts.hostname)
            return await _converse(reader, writer, raw, request.method, longest)
    except TimeoutError:
        return None, Trouble(TroubleKind.TIMEOUT, f"no whole reply within {patience:g} s")
    except (OSError, ValueError, h11.RemoteProtocolError) as error:
        # asyncio turns some host names away with ValueError.
        return None, Trouble(TroubleKind.CONNECTION, brief(str(error)) or type(error).__name__)
    finally:
        if writer is not None:
            writer.transport.abort()


async def _tunnel(where: str, proxy: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to ``host:port`` through a proxy; raises OSError where it gives none."""
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=LONGEST_HEAD)
    user = f"Proxy-Authorization: {authorization(proxy)}\r\n" if has_user(proxy) else ""
    writer.write(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{user}\r\n".encode())
    try:
        answer = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        writer.transport.abort()
        raise ConnectionAbortedError("the proxy opens no tunnel") from error
    if not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
        writer.transport.abort()
        raise ConnectionAbortedError("the proxy opens no tunnel")
    return reader, writer


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: Raw, method: str, longest: int
) -> tuple[Reply | None, Trouble | None]:
    """Listens while it sends, since a reply may come, and the connection be closed, before everything was sent."""
    listening = asyncio.create_task(_reply(reader, method, longest))
    try:
        with contextlib.suppress(OSError):
            for number, piece in enumerate(raw.pieces):
                if number and raw.pause:
                    await asyncio.wait({listening}, timeout=raw.pause)
                if listening.done():
                    break
                writer.write(piece)
                await writer.drain()
            if raw.ending == "half-close" and writer.can_write_eof():
                writer.write_eof()
        if raw.ending == "reset":
            _make_close_a_reset(writer)
            return None, Trouble(TroubleKind.CONNECTION, "broken off by the kit")
        await asyncio.wait({listening}, timeout=raw.wait)
        if not listening.done():
            return None, Trouble(TroubleKind.TIMEOUT, f"no reply within {raw.wait:g} s after the last byte")
        return listening.result(), None
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError, h11.RemoteProtocolError):
            await listening


def _make_close_a_reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _reply(reader: asyncio.StreamReader, method: str, longest: int) -> Reply:
    """One whole reply; raises RemoteProtocolError for anything else, and OSError where the connection breaks."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    # What was sent is none of h11's business; it only has to know whether a body may follow.
    connection.send(h11.Request(method="HEAD" if method == "HEAD" else "POST", target="/", headers=[("Host", "any")]))
    response: h11.Response | None = None
    content = bytearray()
    while True:
        event = connection.next_event()
        match event:
            case h11.NEED_DATA:
                data = await reader.read(CHUNK)
                if not data and response is None:
                    raise ConnectionResetError("closed without a reply")
                connection.receive_data(data)
            case h11.Response():
                response = event
            case h11.Data():
                content += event.data
                if len(content) > longest:
                    raise ConnectionAbortedError(f"more than {longest} bytes came back")
            case h11.EndOfMessage() if response is not None:
                headers = tuple(
                    (name.decode("latin-1"), value.decode("utf-8", "replace"))
                    for name, value in response.headers.raw_items()
                )
                return Reply(response.status_code, headers, _unpacked(headers, bytes(content), longest))
            case h11.PAUSED | h11.ConnectionClosed():
                raise ConnectionAbortedError("no whole reply before something else than HTTP")


def _unpacked(headers: tuple[tuple[str, str], ...], content: bytes, longest: int) -> bytes:
    unpack = Decoding(",".join(value for name, value in headers if name.lower() == "content-encoding"))
    try:
        unpacked = unpack(content, longest + 1)
        if len(unpacked) > longest:
            raise ConnectionAbortedError(f"more than {longest} bytes came back")
        unpack.end()
    except Undecodable as error:
        raise ConnectionAbortedError(f"the reply is not whole: {error}") from error
    return unpacked
