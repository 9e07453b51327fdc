"""The client: sends messages to the implementation under test and records what comes back."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import math
import ssl
import time
import zlib
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from . import wire
from .binding import Binding
from .config import GatewayConfig, tls_context
from .exchange import Exchange, Message, Received, Reply, Request

LARGEST_REPLY = 8 * 1024 * 1024
"""Bytes of a reply, after decompression, that are read before the connection is cut."""


CLIENT_HEADERS = (
    ("User-Agent", "beckn-conformance"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
)


class ReplyTooLarge(Exception):
    """More came back than any registration of this run can hold."""


class Gateway:
    """Sends requests within the limits of a configuration; every request becomes one Exchange.

    It belongs to the event loop it is first used in. ``transport`` replaces the network, for tests.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        record: Callable[[Exchange], None] = lambda exchange: None,
    ) -> None:
        self.config = config
        self.sent = 0
        self._record = record
        self._numbers = itertools.count(1)
        self._zone = zoneinfo.ZoneInfo(config.timestamp_zone)
        self._next_slot = 0.0
        self._quiet_until = 0.0
        self._limited_since: float | None = None
        # One connection each, since a pool looks at all its connections for every request. The transports alone:
        # neither redirects nor cookies nor authentication are followed up (T13).
        self._free: asyncio.LifoQueue[httpx.AsyncBaseTransport] = asyncio.LifoQueue()
        context = tls_context(config) if transport is None and config.url.startswith("https:") else None
        self._context = context
        self.has_socket = transport is None
        """Whether raw bytes can be sent."""
        for _ in range(config.concurrency):
            self._free.put_nowait(transport or _connection(context))
        timeouts = httpx.Timeout(config.timeout).as_dict()
        self._extensions = {"timeout": timeouts}

    async def close(self) -> None:
        while not self._free.empty():
            await self._free.get_nowait().aclose()

    def timestamp(self) -> str:
        """Now, in the form of the page (H1)."""
        return datetime.datetime.now(self._zone).strftime("%Y-%m-%dT%H:%M:%S")

    async def send(
        self,
        action: str,
        message: Message,
        binding: Binding,
        *,
        purpose: str = "",
        tags: tuple[str, ...] = (),
    ) -> Exchange:
        """Sends a message and waits for the whole reply; never raises for what the gateway does."""
        headers, content = binding.encode(message)
        return await self._exchange(action, message, headers, content, binding, purpose, tags)

    async def send_raw(
        self,
        action: str,
        header: Mapping[str, str],
        content: bytes,
        binding: Binding,
        *,
        purpose: str,
        tags: tuple[str, ...] = (),
        about: str = "",
    ) -> Exchange:
        """Sends content that is no message, under a header that is (T14); ``about`` as in the exchange."""
        headers, content = binding.wrap(header, content)
        return await self._exchange(action, None, headers, content, binding, purpose, tags, about)

    async def send_request(
        self, action: str, request: Request, binding: Binding, *, purpose: str, tags: tuple[str, ...], about: str
    ) -> Exchange:
        """Sends a request that is no call of the page, or raw bytes (T16); ``about`` as in the exchange."""
        transport = await self._free.get()
        try:
            await self._pace()
            started, clock = time.time(), time.monotonic()
            if request.raw is None:
                reply, trouble = await self._reply(request, transport)
            else:
                reply, trouble = await wire.send(
                    request, request.raw, self._context, patience=self.config.timeout, longest=LARGEST_REPLY
                )
            seconds = time.monotonic() - clock
            self.sent += 1
            if (pause := _pause_asked_for(reply)) is not None:
                self._quiet_until = max(self._quiet_until, time.monotonic() + min(pause, self.config.patience))
        finally:
            self._free.put_nowait(transport)
        exchange = Exchange(
            id=f"x{next(self._numbers)}",
            action=action,
            request=request,
            sent=None,
            reply=reply,
            received=binding.decode(reply) if reply else None,
            started=started,
            seconds=seconds,
            trouble=trouble,
            purpose=purpose,
            tags=tags,
            about=about,
        )
        self._record(exchange)
        return exchange

    async def _exchange(
        self,
        action: str,
        message: Message | None,
        headers: tuple[tuple[str, str], ...],
        content: bytes,
        binding: Binding,
        purpose: str,
        tags: tuple[str, ...],
        about: str = "",
    ) -> Exchange:
        names = {name.casefold() for name, _ in headers}
        extra = tuple((k, v) for k, v in self.config.headers.items() if k.casefold() not in names)
        request = Request(self.config.method, f"{self.config.url}/{action}", (*headers, *extra), content)
        transport = await self._free.get()
        try:
            while True:
                await self._pace()
                started, clock = time.time(), time.monotonic()
                reply, trouble = await self._reply(request, transport)
                seconds = time.monotonic() - clock
                self.sent += 1
                pause = _pause_asked_for(reply)
                if pause is None:
                    self._limited_since = None if reply else self._limited_since
                    break
                now = time.monotonic()
                if self._limited_since is None:
                    self._limited_since = now
                if now + pause - self._limited_since > self.config.patience:
                    trouble = f"patience: the gateway asks to wait for longer than {self.config.patience:g} s"
                    break
                self._quiet_until = max(self._quiet_until, now + pause)
        finally:
            self._free.put_nowait(transport)
        received: Received | None = binding.decode(reply) if reply and not trouble else None
        exchange = Exchange(
            id=f"x{next(self._numbers)}",
            action=action,
            request=request,
            sent=message,
            reply=reply,
            received=received,
            started=started,
            seconds=seconds,
            trouble=trouble,
            purpose=purpose,
            tags=tags,
            about=about,
        )
        self._record(exchange)
        return exchange

    async def _pace(self) -> None:
        """Waits out a pause that the gateway asked for, and keeps to the declared rate."""
        while (wait := max(self._quiet_until, self._next_slot) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        if self.config.rate:
            self._next_slot = max(self._next_slot, time.monotonic()) + 1 / self.config.rate

    async def _reply(self, request: Request, transport: httpx.AsyncBaseTransport) -> tuple[Reply | None, str]:
        try:
            async with asyncio.timeout(self.config.timeout):
                return await self._read(request, transport), ""
        except (TimeoutError, httpx.TimeoutException):
            return None, f"timeout: no whole reply within {self.config.timeout:g} s"
        except ReplyTooLarge:
            return None, f"limit: more than {LARGEST_REPLY // 1024 // 1024} MiB came back"
        except (httpx.TransportError, httpx.InvalidURL, zlib.error, OSError) as error:
            return None, f"connection: {str(error) or type(error).__name__}"

    async def _read(self, request: Request, transport: httpx.AsyncBaseTransport) -> Reply:
        built = httpx.Request(
            request.method,
            request.url,
            headers=[*CLIENT_HEADERS, *request.headers],
            content=request.content,
            extensions=self._extensions,
        )
        response = await transport.handle_async_request(built)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            inflate = _inflater(response.headers.get("content-encoding", ""))
            content = bytearray()
            async for chunk in response.stream:
                content += inflate(chunk, LARGEST_REPLY + 1 - len(content))
                if len(content) > LARGEST_REPLY:
                    raise ReplyTooLarge
        finally:
            await response.stream.aclose()
        headers = tuple((k.decode("latin-1"), v.decode("utf-8", "replace")) for k, v in response.headers.raw)
        return Reply(response.status_code, headers, bytes(content))


def _connection(context: ssl.SSLContext | None) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(
        verify=context or False,
        trust_env=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=4),
    )


def _inflater(encoding: str) -> Callable[[bytes, int], bytes]:
    """Decompresses chunk by chunk, never to more than it is allowed to."""
    match encoding.strip().casefold():
        case "gzip" | "x-gzip":
            return _Inflation((16 + zlib.MAX_WBITS,))
        case "deflate":
            return _Inflation((zlib.MAX_WBITS, -zlib.MAX_WBITS))
    return lambda chunk, limit: chunk


class _Inflation:
    """One or more compressed members after another; the first window size that fits the first bytes is taken."""

    def __init__(self, windows: tuple[int, ...]) -> None:
        self._windows = windows
        self._machine: Any = None

    def __call__(self, chunk: bytes, limit: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < limit:
            if self._machine is None or self._machine.eof:
                out += self._begin(chunk, limit - len(out))
            else:
                out += self._machine.decompress(chunk, limit - len(out))
            chunk = self._machine.unused_data if self._machine.eof else b""
        return bytes(out)

    def _begin(self, chunk: bytes, limit: int) -> bytes:
        for window in self._windows:
            self._machine = zlib.decompressobj(window)
            try:
                content: bytes = self._machine.decompress(chunk, limit)
            except zlib.error:
                if window == self._windows[-1]:
                    raise
            else:
                return content
        raise AssertionError("there is always a window to try")


def _pause_asked_for(reply: Reply | None) -> float | None:
    """Seconds to wait before a request is sent again, for 429, and for 503 with Retry-After (T13)."""
    if reply is None or reply.status not in (429, 503):
        return None
    after = reply.header("retry-after")
    if reply.status == 503 and after is None:
        return None
    try:
        seconds = float(after or 1)
    except ValueError:
        return 1.0
    return min(max(seconds, 0.05), 3600) if math.isfinite(seconds) else 1.0
