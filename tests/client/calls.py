"""Calls of the client alone, and gateways that answer them with given bytes."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from beckn_conformance.client.client import Gateway
from beckn_conformance.client.outgoing import Outgoing
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import Binding, HttpBinding
from beckn_conformance.messages.exchange import Exchange
from tests.end_to_end.loopback import Loopback, Talk

T = TypeVar("T")
Make = Callable[..., Loopback]
GET, SIGNUP, UPDATE = "Provider/get", "Provider/signup", "Provider/info/update"
BODY = {"registration": {"id": "1"}}
CHUNKED = b"Transfer-Encoding: chunked"


def outgoing(action: str = GET, body: Any = BODY, binding: Binding = HttpBinding(), **more: Any) -> Outgoing:  # noqa: B008
    return Outgoing(action, binding, body, "token-1", **more)


def playing(url: str, play: Callable[[Gateway], Awaitable[T]], **options: Any) -> T:
    """What a scene with a client of its own returns."""

    # A result of asyncio.run is described at its end (by signal.signal), which takes long if it is large.
    results: list[T] = []

    async def scene() -> None:
        client = Gateway(GatewayConfig(url, **{"timeout": 20.0, **options}))
        try:
            results.append(await play(client))
        finally:
            await client.close()

    asyncio.run(scene())
    return results[0]


def send(url: str, *actions: str, body: Any = BODY, **options: Any) -> list[Exchange]:
    """Calls one after another; each becomes an exchange, whatever the gateway does."""

    async def play(client: Gateway) -> list[Exchange]:
        return [await client.send(outgoing(action, body=body)) for action in actions]

    return playing(url, play, **options)


def ok(*fields: bytes, body: bytes = b"{}") -> bytes:
    """A reply; nothing but its end says where the body ends, unless a field does."""
    return b"\r\n".join((b"HTTP/1.1 200 OK", *fields, b"", body))


def says(data: bytes, *, then: bytes = b"", reset: bool = False) -> Talk:
    """Reads the head of a request, sends something, and repeats something else for ever, or closes."""

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        while then:
            writer.write(then)
            await writer.drain()
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return talk


async def request_from(reader: StreamReader) -> bytes:
    """A whole request: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    return head + await reader.readexactly(int(length.partition(b":")[2]))
