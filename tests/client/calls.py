"""Calls of the client alone, and gateways that answer them with given bytes."""

import asyncio
import contextlib
import socket
import struct
from typing import TypeVar

from beckn_conformance.client.client import Client
from beckn_conformance.client.outgoing import Outgoing
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import HttpBinding

T = TypeVar("T")
GET, SIGNUP, UPDATE = "Provider/get", "Provider/signup", "Provider/info/update"
BODY = {"registration": {"id": "1"}}
CHUNKED = b"Transfer-Encoding: chunked"


def outgoing(action=GET, body=BODY, binding=HttpBinding(), **more):  # noqa: B008
    return Outgoing(action, binding, body, "token-1", **more)


@contextlib.asynccontextmanager
async def client_of(url, **options):
    client = Client(GatewayConfig(url, **{"timeout": 20.0, **options}))
    try:
        yield client
    finally:
        await client.close()


def send(url, *actions, body=BODY, **options):
    """Calls one after another; each becomes an exchange, whatever the gateway does."""
    return send_all(url, [outgoing(action, body=body) for action in actions], **options)


def send_all(url, calls, **options):
    # They are no result of asyncio.run, which describes its result at its end (by signal.signal): that takes long.
    exchanges = []

    async def play():
        async with client_of(url, **options) as client:
            exchanges.extend([await client.send(call) for call in calls])

    asyncio.run(play())
    return exchanges


def ok(*fields, body=b"{}"):
    """A reply; nothing but its end says where the body ends, unless a field does."""
    return b"\r\n".join((b"HTTP/1.1 200 OK", *fields, b"", body))


def says(data, *, then=b"", reset=False):
    """Reads the head of a request, sends something, and repeats something else for ever, or closes."""

    async def talk(reader, writer):
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


async def request_from(reader):
    """A whole request: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    return head + await reader.readexactly(int(length.partition(b":")[2]))
