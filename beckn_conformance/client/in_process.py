"""Carries requests to an application in this process, through a transport of httpx; for tests and rehearsals."""

from __future__ import annotations

import httpx

from ..messages.exchange import CLIENT_HEADERS, Reply, Request
from .asgi import call
from .http import BrokenOff, Content, Unsendable, fields_of, one_line, reply_of


class InProcess:
    """A transport without sockets; raw bytes cannot be sent over it."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self.trailing = 0
        self.is_narrow = False

    async def close(self) -> None:
        await self._transport.aclose()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        if isinstance(self._transport, httpx.ASGITransport):
            # Its own way looks for another event loop with each request, which takes longer than many answers.
            status, headers, pieces = await call(self._transport.app, request, fields_of(request, *CLIENT_HEADERS))
        else:
            status, headers, pieces = await self._handled(request)
        codings = [value.decode() for name, value in headers if name.lower() == b"content-encoding"]
        collected = Content(codings)
        for piece in pieces:
            collected.add(piece)
        content, surplus = collected.whole()
        self.trailing += surplus
        return reply_of(status, headers, content)

    async def _handled(self, request: Request) -> tuple[int, list[tuple[bytes, bytes]], list[bytes]]:
        given = {name.casefold() for name, _ in request.headers}
        added = [field for field in CLIENT_HEADERS if field[0].casefold() not in given]
        try:
            built = httpx.Request(
                request.method, request.url, headers=[*added, *request.headers], content=request.content
            )
            response = await self._transport.handle_async_request(built)
        except (httpx.InvalidURL, ValueError) as error:
            raise Unsendable(one_line(error)) from error
        except httpx.TransportError as error:
            raise BrokenOff(one_line(error)) from error
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return response.status_code, response.headers.raw, [piece async for piece in response.stream]
