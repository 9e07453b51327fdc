"""The client alone, against gateways on loopback: what goes over the wire, what comes back, and what never hurts it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
import zlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beckn_conformance.client import http
from beckn_conformance.client.client import Gateway
from beckn_conformance.client.verification import Verifier
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import Unmet
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.messages.exchange import Exchange, Message, Request, TroubleKind
from tests.end_to_end.kit import until
from tests.end_to_end.loopback import Answer, Loopback, Seen, Talk, plain, with_body, with_fields, written

GET, SIGNUP, UPDATE = "Provider/get", "Provider/signup", "Provider/info/update"
HEADER = {"Action": GET, "Token": "token-1", "Timestamp": "2026-01-01T00:00:00"}


def send(url: str, *actions: str, body: Any = None, **options: Any) -> list[Exchange]:
    """Calls one after another; each becomes an exchange, whatever the gateway does."""

    async def play() -> list[Exchange]:
        client = Gateway(GatewayConfig(url, **{"timeout": 20.0, **options}))
        message = Message(HEADER, {"registration": {"id": "1"}} if body is None else body)
        try:
            return [await client.send(action, message, HttpBinding()) for action in actions]
        finally:
            await client.close()

    return asyncio.run(play())


def ok(*fields: bytes, body: bytes = b"{}") -> bytes:
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


CHUNKED = b"Transfer-Encoding: chunked"
BROKEN = {
    "endless header fields": says(ok()[:17], then=b"X-Pad: x\r\n" * 1000),
    "an endless header field": says(b"HTTP/1.1 200 OK\r\nX-Pad: ", then=b"x" * 65536),
    "a header field without a colon": says(ok(b"nonsense", b"Content-Length: 2")),
    "a NUL in a header": says(ok(b"Message: a\0b", b"Content-Length: 2")),
    "a status that is no number": says(b"HTTP/1.1 two hundred\r\n\r\n"),
    "a status that is too large": says(b"HTTP/1.1 99999 OK\r\n\r\n"),
    "another protocol": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a chunk size that is none": says(ok(CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n")),
    "a chunk size beyond all bounds": says(ok(CHUNKED, body=b"f" * 30 + b"\r\n{}\r\n0\r\n\r\n")),
    "endless trailers": says(ok(CHUNKED, body=b"0\r\n"), then=b"X-Pad: x\r\n" * 1000),
    "a last chunk that is missing": says(ok(CHUNKED, body=b"5\r\nab")),
    "a negative length": says(ok(b"Content-Length: -1")),
    "a length that is no number": says(ok(b"Content-Length: two")),
    "two lengths": says(ok(b"Content-Length: 2", b"Content-Length: 3")),
    "a body that is cut short": says(ok(b"Content-Length: 20")),
    "a body that is cut short by a reset": says(ok(b"Content-Length: 20"), reset=True),
    "nothing": says(b""),
    "a reset": says(b"", reset=True),
    "a thousand header fields": says(ok(*[b"X-%d: a" % n for n in range(1000)], b"Content-Length: 2")),
    "a header field of 10 MB": says(ok(b"X-Pad: " + b"x" * 10_000_000, b"Content-Length: 2")),
    "a header field of endless lines": says(b"HTTP/1.1 200 OK\r\nX-Pad: a\r\n", then=b" b\r\n" * 1000),
    "an endless status line": says(b"HTTP/1.1 200 ", then=b"x" * 65536),
    "a length beyond all bounds": says(ok(b"Content-Length: " + b"9" * 30)),
    "more than its length": says(ok(b"Content-Length: 2", body=b"{}{}{}")),
    "gzip that is none": says(ok(b"Content-Encoding: gzip", b"Content-Length: 2")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_reply_that_is_broken_is_a_trouble_in_one_line(gateway: Callable[..., Loopback], name: str) -> None:
    (exchange,) = send(gateway(talk=BROKEN[name]).url, UPDATE)

    assert exchange.reply is None
    assert exchange.trouble.kind is TroubleKind.CONNECTION
    assert str(exchange.trouble).isprintable()
    assert len(str(exchange.trouble)) < 300


BOMB = bytes(64 * 1024 * 1024)
LIMITS = {
    "an endless body": (says(ok(), then=b" " * 65536), "8 MiB"),
    "an endless chunked body": (says(ok(CHUNKED, body=b""), then=b"10000\r\n" + b" " * 65536 + b"\r\n"), "8 MiB"),
    "a huge length, and all of it": (says(ok(b"Content-Length: 99999999999"), then=b" " * 65536), "8 MiB"),
    "a gzip bomb": (says(ok(b"Content-Encoding: gzip", body=gzip.compress(BOMB))), "8 MiB"),
    "a deflate bomb": (says(ok(b"Content-Encoding: deflate", body=zlib.compress(BOMB))), "8 MiB"),
    "a bomb of raw deflate": (says(ok(b"Content-Encoding: deflate", body=zlib.compress(BOMB, wbits=-15))), "8 MiB"),
    "100 large header fields": (says(ok(*[b"X-%d: " % n + b"x" * 60_000 for n in range(100)])), "256 KiB"),
    "a million members": (says(ok(body=b"{%s}" % b",".join(b'"%d":0' % n for n in range(600_000)))), "100000 JSON"),
    "a million items": (says(ok(body=b"[%s{}]" % (b"{}," * 1_000_000))), "100000 JSON"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_no_more_of_a_reply_is_read_than_any_reply_needs(gateway: Callable[..., Loopback], name: str) -> None:
    talk, limit = LIMITS[name]

    (exchange,) = send(gateway(talk=talk).url, UPDATE)

    assert exchange.reply is None
    assert str(exchange.trouble).startswith(f"limit: more than {limit}")


@pytest.mark.parametrize("encoding", [b"gzip, gzip, gzip", b"br", b"zstd", b"br, zstd"])
def test_what_is_packed_in_a_way_nobody_asked_for_is_not_unpacked(
    gateway: Callable[..., Loopback], encoding: bytes
) -> None:
    content = gzip.compress(gzip.compress(gzip.compress(BOMB)))

    (exchange,) = send(gateway(talk=says(ok(b"Content-Encoding: " + encoding, body=content))).url, GET)

    assert exchange.reply is not None
    assert exchange.reply.content == content
    assert exchange.received is not None
    assert encoding.decode() in exchange.received.unreadable


@pytest.mark.parametrize("after", [bytes(20), b"\r\n<!-- cached -->"])
def test_what_follows_a_gzipped_reply_is_ignored_and_noted(gateway: Callable[..., Loopback], after: bytes) -> None:
    packed = gzip.compress(b"{}") + after
    server = gateway(lambda seen, answer: with_fields(with_body(answer, packed), [("Content-Encoding", "gzip")]))

    async def play() -> tuple[Exchange, list[str]]:
        client = Gateway(GatewayConfig(server.url))
        try:
            exchange = await client.send(GET, Message(HEADER, {}), HttpBinding())
            return exchange, list(client.notes())
        finally:
            await client.close()

    exchange, notes = asyncio.run(play())

    assert exchange.reply is not None
    assert exchange.reply.content == b"{}"
    assert notes == ["1 replies had bytes after the end of their compressed content, which clients ignore"]


def test_a_gzipped_reply_that_is_cut_short_is_no_whole_reply(gateway: Callable[..., Loopback]) -> None:
    packed = gzip.compress(b"{}")[:-12]

    (exchange,) = send(gateway(talk=says(ok(b"Content-Encoding: gzip", body=packed))).url, UPDATE, patience=0.1)

    assert exchange.reply is None
    assert str(exchange.trouble).startswith("connection: the reply is not whole: its compressed content is cut short")


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_a_certificate_is_verified_however_the_scheme_is_written(
    gateway: Callable[..., Loopback], tls: ssl.SSLContext, scheme: str
) -> None:
    """The client does not count on the form that check_url gives."""
    server = gateway(tls=tls)

    (exchange,) = send(f"{scheme}://127.0.0.1:{server.port}", GET, patience=0.1)

    assert exchange.reply is None
    assert "certificate verify failed" in str(exchange.trouble)
    assert server.seen == []


def test_replies_take_no_more_memory_together_than_there_is(gateway: Callable[..., Loopback]) -> None:
    """Those that nobody refers to any more take none."""
    url = gateway(talk=says(ok(body=b'"' + b"x" * 900_000 + b'"'))).url

    async def play() -> tuple[list[str], list[str]]:
        client = Gateway(GatewayConfig(url, timeout=20.0))
        client.budget = client._transport._budget = http.ReplyBudget(10_000_000)  # type: ignore[attr-defined]
        message = Message(HEADER, {})
        try:
            held = [await client.send(GET, message, HttpBinding()) for _ in range(4)]
            troubles = [str(e.trouble or "") for e in held]
            held.clear()
            return troubles, [str((await client.send(GET, message, HttpBinding())).trouble or "") for _ in range(4)]
        finally:
            await client.close()

    assert asyncio.run(play()) == (
        ["", "", *["limit: more came back than can be held until it is judged"] * 2],
        [""] * 4,
    )


ENDLESS = {
    "a chunk size": says(ok(CHUNKED, body=b""), then=b"0" * 65536),
    "a chunk extension": says(ok(CHUNKED, body=b"1;"), then=b"x" * 65536),
    "informational replies": says(b"", then=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": says(b"", then=b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
    "tiny chunks": says(ok(CHUNKED, body=b""), then=b"1\r\n \r\n"),
    "empty members of gzip": says(ok(b"Content-Encoding: gzip", body=b""), then=gzip.compress(b"") * 100),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_cut_by_time(gateway: Callable[..., Loopback], name: str) -> None:
    (exchange,) = send(gateway(talk=ENDLESS[name]).url, GET, timeout=0.3)

    assert exchange.reply is None
    assert str(exchange.trouble) == "timeout: no whole reply within 0.3 s"


STRANGE = {
    "a header field of two lines": says(ok(b"Message: a\r\n b", b"Content-Length: 2")),
    "other services": says(ok(b'Alt-Svc: h2="elsewhere.example:443"', b"Refresh: 0; url=/", b"Content-Length: 2")),
    "lines that end with LF": says(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
    "no reason phrase": says(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}"),
    "a header field of 60 KB": says(ok(b"Message: " + b"x" * 60_000, b"Content-Length: 2")),
    "cookies that are none": says(ok(b"Set-Cookie: a=b; \x01", b"Set-Cookie: =;;", b"Content-Length: 2")),
    "a link that is none": says(ok(b"Link: <http://[::bad>; rel=x", b"Content-Length: 2")),
    "a media type that is none": says(ok(b"Content-Type: ;;=\xff", b"Content-Length: 2")),
    "an encoding nobody asked for": says(ok(b"Content-Encoding: br", b"Content-Length: 2")),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_reply_that_is_merely_strange_is_read(gateway: Callable[..., Loopback], name: str) -> None:
    (exchange,) = send(gateway(talk=STRANGE[name]).url, GET)

    assert exchange.trouble is None
    assert exchange.reply is not None
    assert (exchange.reply.status, exchange.reply.content) == (200, b"{}")


def test_header_fields_come_back_as_they_were_sent(gateway: Callable[..., Loopback]) -> None:
    fields = (b"X-One: a", b"x-oNe: b", b"Server: s", b"Server: t", "Message: ü €".encode(), b"Content-Length: 2")

    (exchange,) = send(gateway(talk=says(ok(*fields))).url, GET)

    assert exchange.reply is not None
    assert [f"{name}: {value}".encode() for name, value in exchange.reply.headers] == list(fields)


def test_exactly_what_is_recorded_goes_over_the_wire(gateway: Callable[..., Loopback]) -> None:
    heads: list[bytes] = []

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ok(b"Content-Length: 2"))
        await writer.drain()

    server = gateway(talk=listen)
    (exchange,) = send(server.url, GET, headers={"X-Key": "k", "user-agent": "mine"})

    first, *fields = heads[0].decode().rstrip().split("\r\n")
    recorded = {f"{name}: {value}" for name, value in exchange.request.headers}
    assert first == f"POST /{GET} HTTP/1.1"
    assert recorded <= set(fields)
    assert set(fields) - recorded == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json",
        "Accept-Encoding: gzip, deflate",
        f"Content-Length: {len(exchange.request.content)}",
    }
    assert len(fields) == len(recorded) + 4


def test_a_request_without_a_media_type_says_none(gateway: Callable[..., Loopback]) -> None:
    server = gateway()

    async def play() -> None:
        network = http.Network(GatewayConfig(server.url), http.ReplyBudget())
        for method, content in (("POST", b"{}"), ("POST", b""), ("GET", b"")):
            await network.carry(Request(method, f"{server.url}/{GET}", (), content), repeatable=True)
        await network.close()

    asyncio.run(play())

    assert not any("content-type" in seen.headers for seen in server.seen)
    assert [seen.headers["content-length"] for seen in server.seen] == ["2", "0", "0"]


def test_neither_redirects_nor_cookies_are_followed(gateway: Callable[..., Loopback]) -> None:
    reply = plain(307, "", Location=f"/{SIGNUP}", Set_Cookie="crumb=1; Path=/")
    server = gateway(lambda seen, answer: reply)

    # Cookies are kept for names rather than addresses.
    exchanges = send(f"http://localhost:{server.port}", GET, GET)

    assert [e.reply.status for e in exchanges if e.reply] == [307, 307]
    assert [seen.target for seen in server.seen] == [f"/{GET}", f"/{GET}"]
    assert not any("cookie" in seen.headers for seen in server.seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/x", "file:///etc/passwd", "//[::1]", "/", "\x07" * 99])
def test_no_redirect_is_followed_anywhere(gateway: Callable[..., Loopback], status: int, location: str) -> None:
    elsewhere = gateway()
    there = location.format(port=elsewhere.port)
    server = gateway(lambda seen, answer: plain(status, "", Location=there))

    (exchange,) = send(server.url, GET)

    assert exchange.reply is not None
    assert exchange.reply.status == status
    assert (len(server.seen), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_a_switch_of_protocols_is_no_answer(gateway: Callable[..., Loopback], protocol: str) -> None:
    head = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\n".encode()
    server = gateway(talk=says(head, then=ok(b"Action: ACK", b"Content-Length: 2")))

    exchanges = send(server.url, UPDATE, UPDATE)

    assert [(e.reply.status, e.reply.content) for e in exchanges if e.reply] == [(101, b"")] * 2
    assert server.connections == 2


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_second_reply_is_no_answer_to_the_next_request(gateway: Callable[..., Loopback], pause: float) -> None:
    said: list[bytes] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            writer.write(ok(b"Content-Length: 1", body=b"1"))
            await asyncio.sleep(pause)
            writer.write(ok(b"Action: ACK", b"Content-Length: 1", body=b"2"))
            await writer.drain()
            said.append(b"both")

    async def play() -> list[Exchange]:
        client = Gateway(GatewayConfig(gateway(talk=talk).url, timeout=20.0))
        exchanges = []
        try:
            for number in range(1, 4):
                exchanges.append(await client.send(UPDATE, Message(HEADER, {}), HttpBinding()))
                await asyncio.to_thread(until, lambda number=number: len(said) == number)
                # What was sent on loopback has come once the loop has looked.
                await asyncio.sleep(0.01)
            return exchanges
        finally:
            await client.close()

    assert [e.reply.content for e in asyncio.run(play()) if e.reply] == [b"1"] * 3


def test_a_server_that_stalls_in_the_handshake_is_cut_by_time(gateway: Callable[..., Loopback]) -> None:
    async def stall(reader: StreamReader, writer: StreamWriter) -> None:
        await asyncio.Event().wait()

    url = gateway(talk=stall).url.replace("http:", "https:")

    (exchange,) = send(url, GET, timeout=0.3, patience=0.3)

    assert exchange.reply is None
    assert exchange.trouble.kind in (TroubleKind.NO_CONNECTION, TroubleKind.TIMEOUT)


def test_a_reply_before_the_request_was_sent_is_read(gateway: Callable[..., Loopback]) -> None:
    async def hasty(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(100)
        writer.write(ok(b"Content-Length: 2", b"Connection: close"))
        await writer.drain()
        writer.write_eof()
        await reader.read(-1)

    (exchange,) = send(gateway(talk=hasty).url, UPDATE, body={"pad": "x" * 3_000_000})

    assert exchange.reply is None or exchange.reply.content == b"{}"
    assert (exchange.reply is None) == (exchange.trouble is not None)


def test_no_proxy_of_the_environment_is_used(gateway: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = gateway()

    (exchange,) = send(server.url, SIGNUP)

    assert exchange.reply is not None
    assert len(server.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "PATCH"])
def test_a_change_whose_answer_was_lost_is_sent_once(gateway: Callable[..., Loopback], method: str) -> None:
    server = gateway(lambda seen, answer: None if seen.number == 2 else answer, method=method)

    exchanges = send(server.url, SIGNUP, SIGNUP, SIGNUP, method=method)

    assert [bool(e.reply) for e in exchanges] == [True, False, True]
    assert exchanges[1].trouble.kind is TroubleKind.CONNECTION
    assert "not sent again" in str(exchanges[1].trouble)
    assert len(server.seen) == 3


def test_a_get_whose_answer_was_lost_is_sent_again(gateway: Callable[..., Loopback]) -> None:
    server = gateway(lambda seen, answer: None if seen.number in (2, 3) else answer)

    exchanges = send(server.url, GET, GET)

    assert [e.trouble for e in exchanges] == [None, None]
    assert len(server.seen) == 4


def test_a_get_whose_answer_is_lost_for_ever_is_a_trouble(gateway: Callable[..., Loopback]) -> None:
    server = gateway(lambda seen, answer: None if seen.number > 1 else answer)

    exchanges = send(server.url, GET, GET)

    assert exchanges[1].trouble.kind is TroubleKind.CONNECTION
    assert 2 < len(server.seen) < 10


def test_a_connection_is_kept_between_requests(gateway: Callable[..., Loopback]) -> None:
    server = gateway()

    send(server.url, *[GET] * 10)

    assert server.connections == 1


def test_after_a_server_error_the_next_request_has_a_connection_of_its_own(gateway: Callable[..., Loopback]) -> None:
    """Servers close the connection after an error, often without saying so."""
    crash = plain(500, "oops")
    server = gateway(lambda seen, answer: written(crash) if seen.number % 2 else answer)

    exchanges = send(server.url, *[UPDATE] * 10)

    assert [e.trouble for e in exchanges] == [None] * 10


def test_a_connection_that_lay_idle_is_not_used_again(
    gateway: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LONGEST_IDLE", 0.0)
    server = gateway()

    send(server.url, *[UPDATE] * 3)

    assert server.connections == 3


def test_a_server_that_closes_after_each_reply_without_saying_so_loses_no_more_than_one_change(
    gateway: Callable[..., Loopback],
) -> None:
    open_now: set[StreamWriter] = set()
    most_open = 0

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal most_open
        open_now.add(writer)
        most_open = max(most_open, len(open_now))
        try:
            await answer(reader, writer)
        finally:
            open_now.discard(writer)

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(ok(b"Content-Length: 2"))
        await writer.drain()
        # The next request is on its way before the connection is closed.
        await reader.read(1)

    exchanges = send(gateway(talk=talk).url, *[UPDATE] * 8)

    assert [bool(e.trouble) for e in exchanges] == [False, True, *[False] * 6]
    assert most_open <= 2, "what is not used again is closed"


def test_a_large_request_arrives_whole(gateway: Callable[..., Loopback]) -> None:
    server = gateway()
    body = {"registration": {"id": "1"}, "pad": "x" * 3_000_000}

    (exchange,) = send(server.url, UPDATE, body=body)

    assert exchange.reply is not None
    assert json.loads(server.seen[0].body) == body


def test_a_value_that_http_has_no_form_for_is_not_sent(gateway: Callable[..., Loopback]) -> None:
    server = gateway()
    spoiled = Message({**HEADER, "Token": "a\r\nX-Injected: yes"}, {})

    async def play() -> list[Exchange]:
        client = Gateway(GatewayConfig(server.url))
        try:
            return [await client.send(GET, message, HttpBinding()) for message in (spoiled, Message(HEADER, {}))]
        finally:
            await client.close()

    unsent, sent = asyncio.run(play())

    assert unsent.reply is None
    assert unsent.trouble.kind is TroubleKind.LIMIT
    assert sent.reply is not None
    assert [seen.headers["token"] for seen in server.seen] == ["token-1"]


def test_a_gzipped_reply_is_read_and_its_header_is_kept(gateway: Callable[..., Loopback]) -> None:
    def squeeze(seen: Seen, answer: Answer) -> Answer:
        return with_fields(with_body(answer, gzip.compress(answer.body)), [("Content-Encoding", "gzip")])

    plainly, squeezed = (send(gateway(*twist).url, GET)[0].reply for twist in ((), (squeeze,)))

    assert plainly is not None
    assert squeezed is not None
    assert squeezed.content == plainly.content
    assert squeezed.header("content-encoding") == "gzip"


def test_a_gateway_that_comes_back_on_its_port_is_waited_for(gateway: Callable[..., Loopback]) -> None:
    """What was never sent is sent again, a change as well."""

    async def play() -> list[Exchange]:
        first = gateway()
        client = Gateway(GatewayConfig(first.url, timeout=20.0))
        message = Message(HEADER, {"registration": {"id": "1"}})
        try:
            before = await client.send(UPDATE, message, HttpBinding())
            await asyncio.to_thread(first.close)
            waiting = [asyncio.create_task(client.send(UPDATE, message, HttpBinding())) for _ in range(3)]
            await asyncio.to_thread(until, lambda: bool(list(client.notes())))
            gateway(port=first.port)
            return [before, *await asyncio.gather(*waiting)]
        finally:
            await client.close()

    exchanges = asyncio.run(play())

    assert [bool(e.reply) for e in exchanges] == [True] * 4


# The verification hook.

ODD_IDS = (
    *(
        "$(touch pwned)",
        "`touch pwned`",
        "a; touch pwned",
        "'",
        '"',
        "a b",
        "",
        "-o pwned",
        "-K/etc/passwd",
        "@/etc/passwd",
    ),
    *(
        "..",
        "../../admin",
        ".hidden",
        "a/b",
        "a%2e",
        "a?x=1#y",
        "a\r\nX-Injected: 1",
        "a\nb\n",
        "a\0",
        "\ud800",
        "é",
        "{id}",
        "١",
    ),
)


@pytest.mark.parametrize("hook", ["sh -c 'touch called; {id}'", "curl --data id={id} {url}", "{url}/verify/{id}"])
def test_a_hook_is_not_called_with_an_id_that_could_be_more_than_a_name(
    hook: str, gateway: Callable[..., Loopback], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = gateway(lambda seen, answer: plain(200, ""))
    verifier = Verifier(GatewayConfig(server.url, verification_hook=hook.replace("{url}", server.url)))

    for id_ in ODD_IDS:
        with pytest.raises(Unmet, match=r"is not called.*REGISTRATION_ID"):
            asyncio.run(verifier.verify(id_))

    assert list(tmp_path.iterdir()) == []
    assert server.seen == []


@pytest.mark.parametrize("id_", ["reg-44255ac8", "17", "urn:uuid:6ba7b810-9dad", "a.b_c", "_x", "A..b"])
def test_a_hook_is_called_with_a_plain_id(
    id_: str, gateway: Callable[..., Loopback], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = gateway(lambda seen, answer: plain(200, ""))

    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook=f"{server.url}/verify/{{id}}")).verify(id_))
    asyncio.run(Verifier(GatewayConfig(server.url, verification_hook="sh -c 'echo {id} >called'")).verify(id_))

    assert [(seen.method, seen.target) for seen in server.seen] == [("POST", f"/verify/{id_}")]
    assert Path("called").read_text() == f"{id_}\n"


@pytest.mark.parametrize("id_", ["$(touch pwned)", "-o", "@/etc/passwd", "é\n", "a b", "reg-1"])
def test_a_command_is_told_any_id_by_a_variable_and_by_nothing_else(
    id_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hook = """sh -c 'printf "%s|%s" "$REGISTRATION_ID" "$*" >called' hook"""

    asyncio.run(Verifier(GatewayConfig("http://127.0.0.1", verification_hook=hook)).verify(id_))

    assert [path.name for path in tmp_path.iterdir()] == ["called"]
    assert Path("called").read_text() == f"{id_}|"


def test_a_url_is_sent_any_id_as_json(gateway: Callable[..., Loopback]) -> None:
    server = gateway(lambda seen, answer: plain(200, ""))
    verifier = Verifier(GatewayConfig(server.url, verification_hook=f"{server.url}/verify"))

    for id_ in ODD_IDS:
        asyncio.run(verifier.verify(id_))

    assert {(seen.method, seen.target) for seen in server.seen} == {("POST", "/verify")}
    assert [json.loads(seen.body)["registration"]["id"] for seen in server.seen] == [*ODD_IDS]


@pytest.mark.parametrize("id_", ["a\0b", "a\ud800b", "x" * 1_000_000])
def test_an_id_that_no_command_can_be_given_is_verified_by_nobody(id_: str) -> None:
    verifier = Verifier(GatewayConfig("http://127.0.0.1", verification_hook="true"))

    with pytest.raises(Unmet, match="the verification_hook failed"):
        asyncio.run(verifier.verify(id_))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_alert_that_asks_for_a_client_certificate_is_told(
    tls: ssl.SSLContext, certificate: Path, version: ssl.TLSVersion
) -> None:
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    tls.maximum_version = version

    def refuse(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with contextlib.suppress(ssl.SSLError):
                    tls.wrap_socket(connection, server_side=True)
                # To close with a request unread would reset the connection, and the alert with it.
                connection.settimeout(1.0)
                with contextlib.suppress(OSError):
                    connection.recv(65536)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, args=(listening,), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        (exchange,) = send(url, UPDATE, tls={"ca": str(certificate)})
        listening.shutdown(socket.SHUT_RDWR)

    assert "certificate required" in str(exchange.trouble) or "handshake failure" in str(exchange.trouble)
