"""Connections to a gateway: what goes over the wire, when one is reused, and what is sent again."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading

import pytest

from beckn_conformance.client import network
from beckn_conformance.client.client import Client
from beckn_conformance.client.connection import Connection, connect
from beckn_conformance.client.http import Closed, Unsent
from beckn_conformance.client.limiter import NARROW
from beckn_conformance.client.memory import Memory
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.exchange import Request, TroubleKind
from tests.client.calls import BODY, GET, SIGNUP, UPDATE, client_of, ok, outgoing, request_from, says, send
from tests.end_to_end.kit import until
from tests.end_to_end.loopback import Loopback, plain, written

TWO = b"Content-Length: 2"


# What goes over the wire.


def test_exactly_what_is_recorded_goes_over_the_wire(gateway):
    requests = []

    async def listen(reader, writer):
        requests.append(await request_from(reader))
        writer.write(ok(TWO))
        await writer.drain()

    server = gateway(talk=listen)
    (exchange,) = send(server.url, GET, headers={"X-Key": "k", "user-agent": "mine"})

    head, _, content = requests[0].decode().partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    recorded = {f"{name}: {value}" for name, value in exchange.request.headers}
    assert first == f"POST /{GET} HTTP/1.1"
    assert content.encode() == exchange.request.content
    assert recorded <= set(fields)
    assert set(fields) - recorded == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json",
        "Accept-Encoding: gzip, deflate",
        f"Content-Length: {len(exchange.request.content)}",
    }
    assert len(fields) == len(recorded) + 4


def test_a_declared_host_is_sent_in_place_of_that_of_the_url(gateway):
    server = gateway()

    send(server.url, GET, headers={"Host": "gw.example"})

    assert [seen.headers["host"] for seen in server.seen] == ["gw.example"]


async def test_a_request_without_a_media_type_says_none(gateway):
    server = gateway()

    carrier = network.Network(GatewayConfig(server.url))
    for method, content in (("POST", b"{}"), ("POST", b""), ("GET", b"")):
        await carrier.carry(Request(method, f"{server.url}/{GET}", (), content), repeatable=True)
    await carrier.close()

    assert not any("content-type" in seen.headers for seen in server.seen)
    assert [seen.headers["content-length"] for seen in server.seen] == ["2", "0", "0"]


def test_a_large_request_arrives_whole(gateway):
    server = gateway()
    body = {**BODY, "pad": "x" * 3_000_000}

    (exchange,) = send(server.url, UPDATE, body=body)

    assert exchange.reply is not None
    assert json.loads(server.seen[0].body) == body


@pytest.mark.parametrize("token", ["a\r\nX-Injected: yes", "a\nb", "a\rb", "a\0b", "a\ud800b"])
async def test_a_value_that_http_has_no_form_for_is_not_sent(gateway, token):
    server = gateway()

    async with client_of(server.url) as client:
        unsent, sent = [await client.send(outgoing(header=header)) for header in ({"Token": token}, {})]

    assert unsent.reply is None
    assert unsent.trouble.kind is TroubleKind.LIMIT
    assert sent.reply is not None
    assert [seen.headers["token"] for seen in server.seen] == ["token-1"]


async def test_a_value_beyond_ascii_is_sent_as_utf_8(gateway):
    server = gateway()

    async with client_of(server.url) as client:
        await client.send(outgoing(header={"Token": "ü€"}))

    assert [seen.headers["token"].encode("latin-1").decode() for seen in server.seen] == ["ü€"]


async def test_a_gateway_on_ipv6_alone_is_reached():
    heads = []

    async def talk(reader, writer):
        heads.append(await request_from(reader))
        writer.write(ok(TWO))
        writer.close()

    try:
        server = await asyncio.start_server(talk, "::1", 0)
    except OSError:
        pytest.skip("there is no IPv6 on this machine")
    port = server.sockets[0].getsockname()[1]
    async with server:
        client = Client(GatewayConfig(f"http://[::1]:{port}"))
        exchange = await client.send(outgoing())
        await client.close()
    assert f"Host: [::1]:{port}\r\n".encode() in heads[0]

    assert exchange.reply is not None


def test_a_host_whose_first_address_is_dead_is_reached_by_the_next(gateway):
    """``localhost`` is ::1 as well on most machines, where this gateway does not listen."""
    server = gateway()

    (exchange,) = send(f"http://localhost:{server.port}", GET)

    assert exchange.reply is not None


# What a gateway may say without being followed.


def test_neither_redirects_nor_cookies_are_followed(gateway):
    reply = plain(307, "", Location=f"/{SIGNUP}", Set_Cookie="crumb=1; Path=/")
    server = gateway(lambda seen, answer: reply)

    # Cookies are kept for names rather than addresses.
    exchanges = send(f"http://localhost:{server.port}", GET, GET)

    assert [e.reply.status for e in exchanges if e.reply] == [307, 307]
    assert [seen.target for seen in server.seen] == [f"/{GET}", f"/{GET}"]
    assert not any("cookie" in seen.headers for seen in server.seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/x", "file:///etc/passwd", "//[::1]", "/", "\x07" * 99])
def test_no_redirect_is_followed_anywhere(gateway, status, location):
    elsewhere = gateway()
    there = location.format(port=elsewhere.port)
    server = gateway(lambda seen, answer: plain(status, "", Location=there))

    (exchange,) = send(server.url, GET)

    assert exchange.reply.status == status
    assert (len(server.seen), elsewhere.connections) == (1, 0)


# Which connection a request goes over.


def test_a_connection_is_kept_between_requests(gateway):
    server = gateway()

    send(server.url, *[GET] * 10)

    assert server.connections == 1


def test_after_a_server_error_the_next_request_has_a_connection_of_its_own(gateway):
    """Servers close the connection after an error, often without saying so."""
    crash = plain(500, "oops")
    server = gateway(lambda seen, answer: written(crash) if seen.number % 2 else answer)

    exchanges = send(server.url, *[UPDATE] * 10)

    assert [e.trouble for e in exchanges] == [None] * 10


@pytest.mark.parametrize(
    "said",
    [
        ok(TWO, b"Connection: close"),
        ok(TWO, b"connection: Close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        ok(TWO, body=b"{}{}"),
    ],
)
def test_a_connection_that_ends_with_its_reply_is_not_used_again(gateway, said):
    server = gateway(talk=says(said))

    exchanges = send(server.url, *[UPDATE] * 5)

    assert [e.trouble for e in exchanges] == [None] * 5
    assert server.connections == 5


async def test_an_idle_connection_is_closed_in_time(gateway, monkeypatch):
    """A server that serves one connection at a time must not wait for it."""
    monkeypatch.setattr(network, "LONGEST_IDLE", 0.01)
    ended = threading.Event()

    async def talk(reader, writer):
        await request_from(reader)
        writer.write(ok(TWO))
        await reader.read(1)
        ended.set()

    async with client_of(gateway(talk=talk).url) as client:
        await client.send(outgoing())
        assert await asyncio.to_thread(ended.wait, 20)


def test_a_connection_that_lay_idle_is_not_used_again(gateway, monkeypatch):
    monkeypatch.setattr(network, "LONGEST_IDLE", 0.0)
    server = gateway()

    send(server.url, *[UPDATE] * 3)

    assert server.connections == 3


async def test_a_connection_that_the_gateway_closed_meanwhile_is_not_used_again(gateway):
    closed = []

    async def talk(reader, writer):
        await request_from(reader)
        writer.write(ok(TWO))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.append(True)

    async with client_of(gateway(talk=talk).url) as client:
        for number in range(1, 6):
            assert (await client.send(outgoing(UPDATE))).trouble is None
            await asyncio.to_thread(until, lambda number=number: len(closed) == number)
            await asyncio.sleep(0.01)


def test_a_server_that_closes_unannounced_after_each_reply_loses_one_change_at_most(gateway):
    open_now = set()
    most_open = 0

    async def talk(reader, writer):
        nonlocal most_open
        open_now.add(writer)
        most_open = max(most_open, len(open_now))
        try:
            await request_from(reader)
            writer.write(ok(TWO))
            await writer.drain()
            # The next request is on its way before the connection is closed.
            await reader.read(1)
        finally:
            open_now.discard(writer)

    exchanges = send(gateway(talk=talk).url, *[UPDATE] * 8)

    assert [bool(e.trouble) for e in exchanges] == [False, True, *[False] * 6]
    assert most_open <= 2, "what is not used again is closed"


@pytest.mark.parametrize("pause", [0.0, 0.02])
async def test_a_second_reply_is_no_answer_to_the_next_request(gateway, pause):
    said = []

    async def talk(reader, writer):
        while True:
            await request_from(reader)
            writer.write(ok(b"Content-Length: 1", body=b"1"))
            await asyncio.sleep(pause)
            writer.write(ok(b"Action: ACK", b"Content-Length: 1", body=b"2"))
            await writer.drain()
            said.append(b"both")

    exchanges = []
    async with client_of(gateway(talk=talk).url) as client:
        for number in range(1, 4):
            exchanges.append(await client.send(outgoing(UPDATE)))
            await asyncio.to_thread(until, lambda number=number: len(said) == number)
            # What was sent on loopback has come once the loop has looked.
            await asyncio.sleep(0.01)

    assert [e.reply.content for e in exchanges if e.reply] == [b"1"] * 3


@pytest.mark.parametrize("closes", [False, True])
def test_a_reply_before_the_request_was_sent_is_read(gateway, closes):
    """Servers refuse what is too large for them without reading it."""

    async def hasty(reader, writer):
        await reader.read(100)
        writer.write(ok(TWO, b"Connection: close"))
        await writer.drain()
        if not closes:
            writer.write_eof()
            await reader.read(-1)

    server = gateway(talk=hasty)

    exchanges = send(server.url, *[UPDATE] * 5, body={"pad": "x" * 3_000_000})

    assert [e.trouble for e in exchanges] == [None] * 5
    assert [e.reply.content for e in exchanges if e.reply] == [b"{}"] * 5


def test_a_server_that_turns_connections_away_is_heard(gateway):
    """It may say so before it has read a byte."""

    async def full(reader, writer):
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 999\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    (exchange,) = send(gateway(talk=full).url, UPDATE)

    assert exchange.reply.status == 429


def test_a_server_that_closes_at_once_loses_the_answer_and_no_more(gateway):
    """Something in front may do so to lock the kit out, so it is not the same as a gateway that is not there."""

    async def close(reader, writer):
        return

    exchanges = send(gateway(talk=close).url, *[UPDATE] * 3)

    assert {exchange.trouble.kind for exchange in exchanges if exchange.trouble} == {TroubleKind.CONNECTION}
    assert len(exchanges) == 3


# What is sent again, and what is not.


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "PATCH"])
def test_a_change_whose_answer_was_lost_is_sent_once(gateway, method):
    server = gateway(lambda seen, answer: None if seen.number == 2 else answer, method=method)

    exchanges = send(server.url, SIGNUP, SIGNUP, SIGNUP, method=method)

    assert [bool(e.reply) for e in exchanges] == [True, False, True]
    assert exchanges[1].trouble.kind is TroubleKind.CONNECTION
    assert "not sent again" in str(exchanges[1].trouble)
    assert len(server.seen) == 3


def test_a_get_whose_answer_was_lost_is_sent_again(gateway):
    server = gateway(lambda seen, answer: None if seen.number in (2, 3) else answer)

    exchanges = send(server.url, GET, GET)

    assert [e.trouble for e in exchanges] == [None, None]
    assert len(server.seen) == 4


def test_a_get_whose_answer_is_always_lost_is_a_trouble(gateway):
    server = gateway(lambda seen, answer: None if seen.number > 1 else answer)

    exchanges = send(server.url, GET, GET)

    assert exchanges[1].trouble.kind is TroubleKind.CONNECTION
    assert 2 < len(server.seen) < 10


async def test_a_gateway_that_restarts_on_its_port_is_waited_for(gateway):
    """What was never sent is sent again, a change as well."""
    first = gateway()
    async with client_of(first.url) as client:
        before = await client.send(outgoing(UPDATE))
        await asyncio.to_thread(first.close)
        waiting = [asyncio.create_task(client.send(outgoing(UPDATE))) for _ in range(3)]
        await asyncio.to_thread(until, lambda: bool(list(client.notes())))
        gateway(port=first.port)
        exchanges = [before, *await asyncio.gather(*waiting)]

    assert [bool(e.reply) for e in exchanges] == [True] * 4


async def test_replies_take_no_more_memory_than_there_is_until_they_are_judged(gateway):
    url = gateway(talk=says(ok(body=b'"' + b"x" * 900_000 + b'"'))).url
    memory = Memory(10_000_000)

    client = Client(GatewayConfig(url, timeout=20.0), memory=memory)
    held = [await client.send(outgoing()) for _ in range(4)]
    assert memory.is_short
    memory.release(held)
    assert not memory.is_short
    troubles = [str(exchange.trouble or "") for exchange in [*held, await client.send(outgoing())]]

    assert troubles == ["", "", *["limit: more came back than can be held until it is judged"] * 2, ""]


# TLS.


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_a_certificate_is_verified_however_the_scheme_is_written(gateway, tls, scheme):
    """The client does not count on the form that check_url gives."""
    server = gateway(tls=tls)

    (exchange,) = send(f"{scheme}://127.0.0.1:{server.port}", GET, patience=0.1)

    assert exchange.reply is None
    assert "certificate verify failed" in str(exchange.trouble)
    assert server.seen == []


@pytest.mark.parametrize("declared", ["ca", "verify"])
def test_calls_go_over_tls_with_a_declared_authority_or_none(gateway, tls, certificate, declared):
    server = gateway(tls=tls)
    trust = {"ca": str(certificate)} if declared == "ca" else {"verify": False}

    exchanges = send(server.url, *[GET] * 3, tls=trust)

    assert [e.trouble for e in exchanges] == [None] * 3
    assert server.connections == 1


def test_https_where_no_tls_is_spoken_says_so(gateway):
    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    server = gateway(talk=refuse)

    (exchange,) = send(server.url.replace("http://", "https://"), GET)

    assert str(exchange.trouble) == "no connection: no TLS is spoken there; the URL may have to begin with http://"


def test_a_declared_client_certificate_is_shown(gateway, tls, certificate):
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    server = gateway(tls=tls)
    shown = {"ca": str(certificate), "client_cert": str(certificate)}

    (exchange,) = send(server.url, GET, tls=shown)

    assert exchange.trouble is None


def test_the_name_of_the_host_is_told_in_the_handshake(gateway, tls, certificate):
    """Without it a server of many names shows the certificate of another one."""
    names = []
    tls.sni_callback = lambda connection, name, context: names.append(name)
    server = gateway(tls=tls)

    send(f"https://localhost:{server.port}", GET, patience=0.1, tls={"verify": False})

    assert names == ["localhost"]


def test_a_reply_that_ends_with_its_tls_connection_is_read(gateway, tls, certificate):
    server = gateway(talk=says(ok()), tls=tls)

    (exchange,) = send(server.url, UPDATE, tls={"ca": str(certificate)})

    assert exchange.trouble is None
    assert exchange.reply.content == b"{}"


def test_a_server_that_stalls_in_the_handshake_is_cut_by_time(gateway):
    async def stall(reader, writer):
        await asyncio.Event().wait()

    url = gateway(talk=stall).url.replace("http:", "https:")

    (exchange,) = send(url, GET, timeout=3, patience=0.3)

    assert exchange.reply is None
    assert exchange.trouble.kind is TroubleKind.NO_CONNECTION


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_alert_that_asks_for_a_client_certificate_is_reported(tls, certificate, version):
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    tls.maximum_version = version

    def refuse(listening):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection.dup() as unclosed, contextlib.suppress(OSError):
                    with contextlib.suppress(ssl.SSLError):
                        tls.wrap_socket(connection, server_side=True)
                    # To close with a request unread would reset the connection, and the alert with it.
                    while unclosed.recv(65536):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, args=(listening,), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        (exchange,) = send(url, UPDATE, tls={"ca": str(certificate)})
        listening.shutdown(socket.SHUT_RDWR)

    assert "certificate required" in str(exchange.trouble) or "handshake failure" in str(exchange.trouble)


def test_nobody_there_is_no_connection():
    server = Loopback()
    server.close()

    (exchange,) = send(server.url, UPDATE, patience=0.1)

    assert str(exchange.trouble) == "no connection: Connection refused"


def test_a_name_that_does_not_resolve_is_no_connection():
    (exchange,) = send("http://gateway.invalid", GET, patience=0.1)

    assert exchange.trouble.kind is TroubleKind.NO_CONNECTION


@pytest.mark.parametrize("came", [b"HTTP/1.1 413 Too Large\r\n" + TWO + b"\r\n\r\n{}", b""])
async def test_a_reply_that_came_before_a_write_failed_is_read(came):
    loop = asyncio.get_running_loop()
    mine, theirs = socket.socketpair()
    with theirs:
        transport, connection = await loop.create_connection(lambda: Connection("POST"), sock=mine)
        transport.pause_reading()
        asking = asyncio.ensure_future(connection.ask([b"a large request"]))
        await asyncio.sleep(0)
        theirs.sendall(came)
        theirs.shutdown(socket.SHUT_WR)
        connection.connection_lost(BrokenPipeError("Broken pipe"))
        if came:
            assert (await asking).status == 413
        else:
            with pytest.raises(Closed, match="Broken pipe"):
                await asking


# Servers that serve few connections at a time.


async def test_a_server_of_one_connection_at_a_time_keeps_no_request_waiting(monkeypatch, gateway):
    """It serves a connection until that is closed, and lets others wait."""
    monkeypatch.setattr(network, "STUCK", 0.1)
    monkeypatch.setattr(network, "LONGEST_IDLE", 15.0)
    thread = asyncio.Semaphore(1)

    async def serve(reader, writer):
        async with thread:
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    await request_from(reader)
                    await asyncio.sleep(0.005)
                    writer.write(ok(TWO, b"Action: ACK"))

    async with client_of(gateway(talk=serve).url) as client:
        exchanges = await asyncio.gather(*(client.send(outgoing()) for _ in range(100)))

    assert client.limiter.open == NARROW
    assert max(exchange.seconds for exchange in exchanges) < network.LONGEST_IDLE


async def test_a_connection_that_comes_too_late_is_closed(monkeypatch):
    late, closed = asyncio.Event(), asyncio.Event()

    class Transport(asyncio.Transport):
        def abort(self):
            closed.set()

    async def create(make, *where, **options):
        await late.wait()
        return Transport(), make()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create)
    with pytest.raises(Unsent):
        await connect("http://gw.example", "POST", None, None, 0.01)
    late.set()

    await asyncio.wait_for(closed.wait(), 10)
