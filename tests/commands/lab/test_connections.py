"""A connection waits for its client only so long."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import uvicorn

from beckn_conformance.commands.lab import connections, server


async def app(scope, receive, send):
    """Replies once the body has come, in its own time."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    if message["type"] == "http.request":
        # Many looks later.
        await asyncio.sleep(0.1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setattr(connections, "LOOK", 0.01)
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.1)
    monkeypatch.setattr(connections, "BODY_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = uvicorn.Server(server.configured(app))
        thread = threading.Thread(target=running.run, args=([listening],))
        thread.start()
        yield listening.getsockname()
        running.should_exit = True
        thread.join()


WHOLE = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"


@pytest.mark.parametrize("sent", [b"", WHOLE[:20], WHOLE[:-1], WHOLE + WHOLE[:20]])
def test_a_connection_is_closed_if_no_whole_request_comes(address, sent):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(sent)
        while True:
            try:
                if not connection.recv(1000):
                    break
            except ConnectionResetError:
                break


def test_a_whole_request_is_answered_however_long_that_takes(address, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_WITHIN", 20)
    monkeypatch.setattr(connections, "BODY_WITHIN", 0)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(WHOLE)
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")
