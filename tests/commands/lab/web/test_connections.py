"""A connection waits for its client only so long."""

from unittest.mock import Mock

import pytest
from uvicorn.server import ServerState

from beckn_conformance.commands.lab.web import connections, server
from beckn_conformance.commands.lab.web.connections import LOOK, PART, WITHIN, Connection

REQUEST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
WHOLE = REQUEST % 2 + b"ab"


class Loop:
    """A loop whose time passes as the test says, and in which no request is answered."""

    def __init__(self):
        self.now = 0.0
        self.due = []

    def time(self):
        return self.now

    def call_later(self, delay, does, *arguments):
        self.due.append((self.now + delay, does))
        return Mock()

    def create_task(self, request, **how):
        request.close()
        return Mock()

    def passes(self, seconds):
        end = self.now + seconds
        while self.now < end:
            self.now += 1
            due, self.due = self.due, []
            for moment, does in due:
                if moment <= self.now:
                    does()
                else:
                    self.due.append((moment, does))


class Transport:
    closed = False

    def abort(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_extra_info(self, name):
        return None

    def pause_reading(self):
        pass


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def state():
    return ServerState()


@pytest.fixture
def connection(loop, state):
    return connected(loop, state)


def connected(loop, state):
    async def app(scope, receive, send):
        pass

    made = Connection(server.configured(app), state, {}, loop)
    made.connection_made(Transport())
    return made


def test_connections_leave_files_for_the_runs_to_open(loop, state, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 2)
    first, second, third = (connected(loop, state) for _ in range(3))
    assert [made.transport.closed for made in (first, second, third)] == [False, False, True]

    state.connections -= {second, third}
    assert not connected(loop, state).transport.closed


@pytest.mark.parametrize("sent", [b"", WHOLE[:20], WHOLE[:-1]])
def test_a_connection_is_closed_if_no_whole_request_comes(loop, connection, sent):
    if sent:
        connection.data_received(sent)
    loop.passes(WITHIN - LOOK)
    assert not connection.transport.closed

    loop.passes(3 * LOOK)
    assert connection.transport.closed


def test_a_connection_is_closed_if_its_next_request_does_not_come(loop, connection):
    connection.data_received(WHOLE)
    loop.passes(10 * WITHIN)
    assert not connection.transport.closed, "a reply may take any time"

    connection.cycle.response_complete = True
    connection.data_received(WHOLE[:20])
    loop.passes(WITHIN + 3 * LOOK)
    assert connection.transport.closed


def test_an_upload_may_take_long_as_long_as_it_goes_on(loop, connection):
    connection.data_received(REQUEST % (10 * PART))
    for _ in range(9):
        loop.passes(WITHIN - LOOK)
        connection.data_received(b"x" * PART)
    assert not connection.transport.closed

    for _ in range(9):
        loop.passes(LOOK)
        connection.data_received(b"x")
    assert connection.transport.closed
