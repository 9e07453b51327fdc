"""Gateways on loopback that behave as a test says: on top of the reference gateway, or byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import inspect
import itertools
import json
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus

from reference_server import DEFECTS
from reference_server.binding import BINDINGS
from reference_server.gateway import Gateway
from reference_server.message import Answer, Call
from reference_server.specification import load
from reference_server.storage import open_store


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    number: int
    """From 1, in the order of coming."""
    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    moment: float
    """Of the monotonic clock."""

    @property
    def action(self):
        return self.target.partition("/Provider/")[2]


def honestly(seen, answer):
    """The answer of the reference gateway, as it is."""
    return answer


class Loopback:
    """A gateway on a free port of 127.0.0.1, in a thread of its own.

    ``twist`` gets each request, and the answer that the reference gateway would give. It returns, or awaits, an answer,
    bytes to be sent as they are before the connection is closed, or None to close it at once. ``talk``, in its place,
    gets the reader and the writer of each connection.
    """

    def __init__(
        self, twist=honestly, *, talk=None, binding="http", envelope=(), method="POST", defects=(), tls=None, port=0
    ):
        self.seen = []
        self.connections = 0
        self._twist = twist
        self._talk = talk or self._speak_http
        self._gateway = Gateway(load(), open_store(None), BINDINGS[binding](*envelope))
        for name in defects:
            DEFECTS[name].install(self._gateway)
        self._method = method
        self._wanted_port = port
        self._scheme = "https" if tls else "http"
        self._numbers = itertools.count(1)
        self._open = set()
        self._loop = asyncio.new_event_loop()
        ready = Future()
        self._thread = threading.Thread(target=self._live, args=(tls, ready), daemon=True)
        self._thread.start()
        self._server, self.port = ready.result(300)

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def tokens(self):
        """Every token that a request carried or a reply gave."""
        return set(self._given) | {s.headers["token"] for s in self.seen if s.headers.get("token")}

    def close(self):
        """Ends the gateway and every connection to it; may be called more than once."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(300)

    def _live(self, tls, ready):
        self._given = []
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve(tls, ready))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _serve(self, tls, ready):
        self._ending = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._wanted_port, ssl=tls, limit=2**24)
        ready.set_result((server, server.sockets[0].getsockname()[1]))
        await self._ending.wait()
        # The loop takes these steps to hand over a connection that it just let in, which would be left open otherwise.
        for listening in server.sockets:
            self._loop.remove_reader(listening)
        for _ in range(4):
            await asyncio.sleep(0)
        server.close()
        # A connection whose handshake is under way has a task that only the loop knows.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader, writer):
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)
            # Whoever does not take what is left to send is not waited for.
            writer.transport.abort()
            self._open.discard(task)

    async def _speak_http(self, reader, writer):
        while True:
            seen = await self._read(reader)
            self.seen.append(seen)
            wire = self._twist(seen, await self._answer(seen))
            if inspect.isawaitable(wire):
                wire = await wire
            if wire is None or isinstance(wire, bytes):
                writer.write(wire or b"")
                await writer.drain()
                return
            writer.write(written(wire))
            await writer.drain()
            if any(name.lower() == "connection" and value == "close" for name, value in wire.headers):
                return

    async def _read(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *fields = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Seen(next(self._numbers), method, target, headers, body, time.monotonic())

    async def _answer(self, seen):
        action = self._gateway.operation(seen.target)
        if action is None or seen.method != self._method:
            return plain(404 if action is None else 405, "Not Found")
        answer = await self._gateway.answer(Call(action, seen.headers, seen.body))
        with contextlib.suppress(ValueError, KeyError, TypeError):
            given = json.loads(answer.body)
            self._given.append(given.get("body", given)["auth"]["token"])
        return answer


def written(answer):
    """An answer as it goes over the wire."""
    names = {name.lower() for name, _ in answer.headers}
    fields = [*answer.headers]
    if not names & {"content-length", "transfer-encoding"}:
        fields.append(("content-length", str(len(answer.body))))
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {answer.status} {phrase}\r\n{head}\r\n".encode("latin-1") + answer.body


def plain(status, text, kind="text/plain", **fields):
    """A reply that is none of a gateway."""
    headers = [("content-type", kind), *((name.replace("_", "-"), value) for name, value in fields.items())]
    return Answer(status, tuple(headers), text.encode())


def always(answer):
    """The same reply to everything."""
    return lambda seen, honest: answer


def with_fields(answer, fields):
    """The answer with these header fields in place of those of the same names."""
    fields = list(fields)
    names = {name.lower() for name, _ in fields}
    kept = [(name, value) for name, value in answer.headers if name.lower() not in names]
    return dataclasses.replace(answer, headers=(*kept, *fields))


def with_body(answer, body):
    """The answer with another body."""
    return dataclasses.replace(answer, body=body)
