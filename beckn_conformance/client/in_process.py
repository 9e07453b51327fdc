"""Carries requests to an application in this process, through a transport of httpx; for tests and rehearsals."""

from __future__ import annotations

import httpx

from ..messages.exchange import CLIENT_HEADERS, Reply, Request
from .http import BrokenOff, Content, Unsendable, one_line, reply_of


class InProcess:
    """A transport without sockets; raw bytes cannot be sent over it."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self.trailing = 0

    async def close(self) -> None:
        await self._transport.aclose()

    async def carry(self, request: Request, *, repeatable: bool) -> Reply:
        try:
            built = httpx.Request(
                request.method, request.url, headers=[*CLIENT_HEADERS, *request.headers], content=request.content
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise Unsendable(one_line(error)) from error
        try:
            response = await self._transport.handle_async_request(built)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            collected = Content(response.headers.get_list("content-encoding"))
            async for chunk in response.stream:
                collected.add(chunk)
            await response.stream.aclose()
        except httpx.TransportError as error:
            raise BrokenOff(one_line(error)) from error
        content, surplus = collected.whole()
        self.trailing += surplus
        return reply_of(response.status_code, response.headers.raw, content)
