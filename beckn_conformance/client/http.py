"""How one request goes out and its whole reply comes back: over the network, or to an application in this process."""

from __future__ import annotations

import io
import math
import os
import ssl
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from ..config.gateway import GatewayConfig
from ..config.tls import tls_context
from ..messages.exchange import CLIENT_HEADERS, Reply, Request
from ..messages.json_text import MOST_VALUES
from ..untrusted.text import brief
from .content_coding import Decoding, Undecodable

LARGEST_REPLY = 8 * 1024 * 1024
"""Bytes of a reply, after decompression, that are read before the connection is cut."""
LARGEST_FIELD = 64 * 1024
"""Bytes of one header field of a reply."""
LARGEST_HEAD = 256 * 1024
"""Bytes of all header fields of a reply."""
MOST_HELD = 192 * 1024 * 1024
"""Bytes of memory, estimated, that replies may take until they have been judged."""
MOST_CAUSES = 4
"""Exceptions of which each was the cause of the one before."""
LARGEST_WRITE = 1024 * 1024
"""Bytes of a request that are handed to the operating system in one piece."""

LONGEST_IDLE = 1.5
"""Seconds that a connection may lie unused before another takes its place; servers close theirs after 2 or more."""
SHARE_FOR_CONNECTING = 0.8
"""Of the time until a reply must have come, what may pass until there is a connection."""


class Unsendable(Exception):
    """HTTP has no form for the request."""


class Unsent(Exception):
    """There was no connection, so nothing of the request was sent."""


class BrokenOff(Exception):
    """No whole reply came over a connection; the request may have been carried out or not."""


class Closed(BrokenOff):
    """The connection ended before anything of a reply came."""


class ReplyTooLarge(Exception):
    """More came back than any registration of a run can hold; says what."""


class ReplyBudget:
    """How much memory the replies of a run take, from their first byte until nobody refers to them any more."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._lock = threading.Lock()
        self.taken = 0
        self._kept = 0
        self._replies = 0

    @property
    def room(self) -> float:
        """Replies like those so far that half of it has room for."""
        return self._most / 2 * self._replies / self._kept if self._kept else math.inf

    def take(self, size: int) -> None:
        """Raises ReplyTooLarge where that is more than there is."""
        with self._lock:
            if self.taken + size > self._most:
                raise ReplyTooLarge("more came back than can be held until it is judged")
            self.taken += size

    def give_back(self, size: int) -> None:
        with self._lock:
            self.taken -= size

    def keep(self, reply: Reply) -> Reply:
        """Counts a whole reply for as long as it is used; raises ReplyTooLarge for one that nobody can judge."""
        fields = sum(len(name) + len(value) for name, value in reply.headers)
        if fields > LARGEST_HEAD:
            raise ReplyTooLarge(f"more than {LARGEST_HEAD // 1024} KiB of header fields came back")
        if reply.values > MOST_VALUES:
            raise ReplyTooLarge(f"more than {MOST_VALUES} JSON values came back")
        size = reply.weight
        self._kept += size
        self._replies += 1
        self.take(size)
        weakref.finalize(reply, self.give_back, size).atexit = False
        return reply


class Transport(Protocol):
    """Carries requests; neither redirects nor cookies nor authentication are followed up, nothing is repeated (T13)."""

    trailing: int
    """Replies with bytes after their compressed content that belong to nothing."""

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        """The whole reply; raises one of the exceptions of this module."""

    async def close(self) -> None:
        """Ends every connection."""


class Network:
    """Connections to a gateway, kept alive between requests; each carries one request at a time.

    A request that must not get lost goes over no connection that its server may be about to close: none that lay
    unused for long, none that brought a server error, and none at all once a server was seen to close them unannounced.
    """

    def __init__(self, config: GatewayConfig, budget: ReplyBudget) -> None:
        self._budget = budget
        # True verifies as well, by what the library trusts; only plain HTTP can go without a context of its own.
        self._tls = True if config.url.startswith("http:") else tls_context(config.tls)
        self._timeouts = aiohttp.ClientTimeout(
            sock_connect=config.timeout * SHARE_FOR_CONNECTING, ceil_threshold=float("inf")
        )
        declared = {name.casefold() for name in config.headers}
        self._headers = tuple((k, v) for k, v in CLIENT_HEADERS if k.casefold() not in declared)
        # A session for each connection: so can one be ended once its reply has been seen.
        self._idle: list[tuple[aiohttp.ClientSession, ResponseHandler]] = []
        self._proxy = URL(config.proxy) if config.proxy else None
        self._closes_unannounced = False
        self.trailing = 0

    async def close(self) -> None:
        while self._idle:
            session, _ = self._idle.pop()
            await session.close()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        session = await self._used(repeatable)
        reused = session is not None
        session = session or self._open()
        try:
            reply, protocol = await self._carry(session, request)
        except BaseException as error:
            if isinstance(error, Closed):
                self._closes_unannounced |= reused
            elif isinstance(error, Unsent):
                # It was down, and has no habit of closing.
                self._closes_unannounced = False
            await session.close()
            raise
        if reply.status >= 500:
            await session.close()
        else:
            self._idle.append((session, protocol))
        return reply

    async def _used(self, repeatable: bool) -> aiohttp.ClientSession | None:
        """A connection that was used before and may be again."""
        if not self._idle:
            return None
        session, protocol = self._idle.pop()
        # What has come over it meanwhile is an answer to nothing, and must not be taken for one to the next request.
        if protocol.should_close or (self._closes_unannounced and not repeatable):
            await session.close()
            return None
        return session

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1, keepalive_timeout=LONGEST_IDLE, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeouts,
            auto_decompress=False,
            max_line_size=LARGEST_FIELD,
            max_field_size=LARGEST_FIELD,
            # A request without a media type says none.
            skip_auto_headers=("Content-Type",),
            middlewares=(_tell_apart,),
            response_class=_Response,
        )

    async def _carry(self, session: aiohttp.ClientSession, request: Request) -> tuple[Reply, ResponseHandler]:
        content = request.content
        try:
            response = await session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=(*self._headers, *request.headers),
                data=content if len(content) <= LARGEST_WRITE else io.BytesIO(content),
                allow_redirects=False,
                proxy=self._proxy,
            )
        except ValueError as error:
            raise Unsendable(_line(error)) from error
        try:
            fields = response.headers.getall("Content-Encoding", ())
            content, trailing = await _whole(fields, response.content.readany, self._budget)
            self.trailing += trailing
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff("the reply breaks off") from error
        finally:
            response.close()
        headers = tuple((k.decode("latin-1"), v.decode("utf-8", "replace")) for k, v in response.raw_headers)
        assert isinstance(response, _Response)
        return Reply(response.status, headers, content), response.protocol


class _Response(aiohttp.ClientResponse):
    """Remembers over what it came, which is let go of as soon as all of it has come."""

    protocol: ResponseHandler

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        assert connection.protocol is not None
        self.protocol = connection.protocol
        return await super().start(connection)


async def _tell_apart(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Tells what was never sent from what may have arrived, before the library repeats anything by itself."""
    try:
        return await handler(request)
    except aiohttp.ConnectionTimeoutError as error:
        raise Unsent("no answer to the attempt to connect") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise Unsent(_line(error.certificate_error)) from error
    except aiohttp.ClientProxyConnectionError as error:
        raise Unsent(f"no connection to the proxy: {_line(error.os_error)}") from error
    except aiohttp.ClientHttpProxyError as error:
        raise Unsent(f"the proxy opens no tunnel, and says status {error.status}") from error
    except aiohttp.ClientConnectorError as error:
        raise Unsent(_line(error.os_error)) from error
    except aiohttp.ServerDisconnectedError as error:
        raise Closed("closed before a reply came") from error
    except aiohttp.ClientResponseError as error:
        raise BrokenOff(f"the reply is no HTTP: {_line(error.message).removesuffix(' ^')}") from error
    except aiohttp.ClientOSError as error:
        raise Closed(_line(error) if error.errno else "closed while the request was sent") from error
    except (aiohttp.ClientError, OSError) as error:
        raise BrokenOff(_line(error)) from error


class InProcess:
    """An application in this process, reached through a transport of httpx."""

    def __init__(self, transport: httpx.AsyncBaseTransport, budget: ReplyBudget) -> None:
        self._transport = transport
        self._budget = budget
        self.trailing = 0

    async def close(self) -> None:
        await self._transport.aclose()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        try:
            built = httpx.Request(
                request.method, request.url, headers=[*CLIENT_HEADERS, *request.headers], content=request.content
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Unsendable(_line(error)) from error
        try:
            response = await self._transport.handle_async_request(built)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            chunks = aiter(response.stream)
            fields = response.headers.get_list("content-encoding")
            content, trailing = await _whole(fields, lambda: anext(chunks, b""), self._budget)
            self.trailing += trailing
            await response.stream.aclose()
        except httpx.TransportError as error:
            raise BrokenOff(_line(error)) from error
        headers = tuple((k.decode("latin-1"), v.decode("utf-8", "replace")) for k, v in response.headers.raw)
        return Reply(response.status_code, headers, content)


def _line(error: object) -> str:
    """What an exception says, on one line; of one that was made of a TLS alert, what that says."""
    for _ in range(MOST_CAUSES):
        if isinstance(error, BaseException) and isinstance(error.__cause__, OSError):
            error = error.__cause__
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return brief(" ".join(str(error)[:LARGEST_FIELD].split())) or type(error).__name__


async def _whole(
    fields: Iterable[str], read: Callable[[], Awaitable[bytes]], budget: ReplyBudget
) -> tuple[bytes, bool]:
    """Reads chunks until an empty one, and unpacks them, never to more than is allowed; ``fields`` are those of
    Content-Encoding. Also says whether bytes followed that belong to nothing."""
    unpack = Decoding(",".join(fields))
    content = bytearray()
    taken = 0
    try:
        while chunk := await read():
            content += unpack(chunk, LARGEST_REPLY + 1 - len(content))
            if len(content) > LARGEST_REPLY:
                raise ReplyTooLarge(f"more than {LARGEST_REPLY // 1024 // 1024} MiB came back")
            if len(content) - taken > LARGEST_FIELD:
                budget.take(len(content) - taken)
                taken = len(content)
        unpack.end()
        return bytes(content), unpack.trailing
    except Undecodable as error:
        raise BrokenOff(f"the reply is not whole: {error}") from error
    finally:
        budget.give_back(taken)
