"""Calls an ASGI application in this process, as a server would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..messages.exchange import Request

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


async def call(
    app: Application, request: Request, fields: Iterable[tuple[str, str]]
) -> tuple[int, Iterable[tuple[bytes, bytes]], list[bytes]]:
    """Sends a request with these header fields: the status, header fields and pieces of the body that come back.

    An application that fails before it answers is taken to answer with status 500.
    """
    parts = urlsplit(request.url)
    scope: Message = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path) or "/",
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields],
        "server": (parts.hostname, parts.port),
        "client": ("127.0.0.1", 123),
    }
    start: Message = {"status": 500, "headers": ()}
    pieces: list[bytes] = []
    received: list[Message] = [{"type": "http.request", "body": request.content, "more_body": False}]
    ended = asyncio.Event()

    async def receive() -> Message:
        if received:
            return received.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                ended.set()

    try:
        await app(scope, receive, send)
    except Exception:
        # Its bugs are its own, as behind a server.
        ended.set()
    return start["status"], start["headers"], [] if request.method == "HEAD" else pieces
