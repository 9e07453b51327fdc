"""Replies over the wire: whole ones are read however they are framed, and nothing else hurts the client."""

import asyncio
import gzip
import zlib

import pytest

from beckn_conformance.client.http import ReplyTooLarge, reply_of
from beckn_conformance.messages.exchange import TroubleKind
from tests.client.calls import CHUNKED, GET, UPDATE, client_of, ok, outgoing, request_from, says, send
from tests.end_to_end.loopback import with_body, with_fields

TWO = b"Content-Length: 2"

BROKEN = {
    "a header field without a colon": says(ok(b"nonsense", TWO)),
    "a NUL in a header": says(ok(b"Message: a\0b", TWO)),
    "a status that is no number": says(b"HTTP/1.1 two hundred\r\n\r\n"),
    "a status that is too large": says(b"HTTP/1.1 99999 OK\r\n\r\n"),
    "a status of zero": says(b"HTTP/1.1 000 OK\r\n\r\n"),
    "another protocol": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a chunk size that is none": says(ok(CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n")),
    "a chunk size beyond all bounds": says(ok(CHUNKED, body=b"f" * 30 + b"\r\n{}\r\n0\r\n\r\n")),
    "a missing last chunk": says(ok(CHUNKED, body=b"5\r\nab")),
    "a last chunk without an end": says(ok(CHUNKED, body=b"2\r\n{}\r\n0\r\n")),
    "a negative length": says(ok(b"Content-Length: -1")),
    "a length that is no number": says(ok(b"Content-Length: two")),
    "two lengths": says(ok(TWO, b"Content-Length: 3")),
    "a length beyond all bounds": says(ok(b"Content-Length: " + b"9" * 30)),
    "a body cut short": says(ok(b"Content-Length: 20")),
    "a body cut short by a reset": says(ok(b"Content-Length: 20"), reset=True),
    "nothing": says(b""),
    "a reset": says(b"", reset=True),
    "gzip that is none": says(ok(b"Content-Encoding: gzip", TWO)),
    "informational replies without end": says(b"", then=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints without end": says(b"", then=b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_reply_is_a_trouble_in_one_line(gateway, name):
    (exchange,) = send(gateway(talk=BROKEN[name]).url, UPDATE)

    assert exchange.reply is None
    assert exchange.trouble.kind is TroubleKind.CONNECTION
    assert str(exchange.trouble).isprintable()
    assert len(str(exchange.trouble)) < 300


BOMB = bytes(9 * 1024 * 1024)
LIMITS = {
    "an endless body": (says(ok(), then=b" " * 65536), "8 MiB"),
    "an endless chunked body": (says(ok(CHUNKED, body=b""), then=b"10000\r\n" + b" " * 65536 + b"\r\n"), "8 MiB"),
    "a huge length, and all of it": (says(ok(b"Content-Length: 99999999999"), then=b" " * 65536), "8 MiB"),
    "a gzip bomb": (says(ok(b"Content-Encoding: gzip", body=gzip.compress(BOMB, 1))), "8 MiB"),
    "a deflate bomb": (says(ok(b"Content-Encoding: deflate", body=zlib.compress(BOMB, 1))), "8 MiB"),
    "a bomb of raw deflate": (says(ok(b"Content-Encoding: deflate", body=zlib.compress(BOMB, 1, -15))), "8 MiB"),
    "100 large header fields": (says(ok(*[b"X-%d: " % n + b"x" * 60_000 for n in range(100)])), "64 KiB"),
    "a header field of 10 MB": (says(ok(b"X-Pad: " + b"x" * 10_000_000, TWO)), "64 KiB"),
    "endless header fields": (says(ok()[:17], then=b"X-Pad: x\r\n" * 1000), "64 KiB"),
    "an endless header field": (says(b"HTTP/1.1 200 OK\r\nX-Pad: ", then=b"x" * 65536), "64 KiB"),
    "a header field of endless lines": (says(b"HTTP/1.1 200 OK\r\nX-Pad: a\r\n", then=b" b\r\n" * 1000), "64 KiB"),
    "an endless status line": (says(b"HTTP/1.1 200 ", then=b"x" * 65536), "64 KiB"),
    "endless trailers": (says(ok(CHUNKED, body=b"0\r\n"), then=b"X-Pad: x\r\n" * 1000), "64 KiB"),
    "an endless chunk size": (says(ok(CHUNKED, body=b""), then=b"0" * 65536), "64 KiB"),
    "an endless chunk extension": (says(ok(CHUNKED, body=b"1;"), then=b"x" * 65536), "64 KiB"),
    "120,000 members": (says(ok(body=b"{%s}" % b",".join(b'"%d":0' % n for n in range(120_000)))), "100000 JSON"),
    "a million items": (says(ok(body=b"[%s{}]" % (b"{}," * 1_000_000))), "100000 JSON"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_no_more_of_a_reply_is_read_than_any_reply_needs(gateway, name):
    talk, limit = LIMITS[name]

    (exchange,) = send(gateway(talk=talk).url, UPDATE)

    assert exchange.reply is None
    assert str(exchange.trouble).startswith(f"limit: more than {limit}")


def test_header_fields_that_come_in_one_piece_are_bounded_too():
    with pytest.raises(ReplyTooLarge, match="64 KiB of header fields"):
        reply_of(200, [(b"X-Pad", b"\xff" * 33_000)] * 2, b"")


ENDLESS = {
    "tiny chunks": says(ok(CHUNKED, body=b""), then=b"1\r\n \r\n"),
    "empty members of gzip": says(ok(b"Content-Encoding: gzip", body=b""), then=gzip.compress(b"") * 100),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_cut_by_time(gateway, name):
    (exchange,) = send(gateway(talk=ENDLESS[name]).url, GET, timeout=0.3)

    assert exchange.reply is None
    assert str(exchange.trouble) == "timeout: no whole reply within 0.3 s (--gateway-timeout)"


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
SOUND = {
    "HTTP/1.0": says(b"HTTP/1.0 200 OK\r\n\r\n{}"),
    "HTTP/1.0 that keeps the connection": says(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "a body that ends with the connection": says(ok()),
    "a connection that closes": says(ok(TWO, b"Connection: close")),
    "chunks": says(ok(CHUNKED, body=b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")),
    "chunks with extensions": says(ok(CHUNKED, body=b'2;name="value";flag\r\n{}\r\n0;last\r\n\r\n')),
    "chunks with trailers": says(ok(CHUNKED, b"Trailer: X-Sum", body=b"2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n")),
    "chunk sizes padded with zeros and spaces": says(ok(CHUNKED, body=b"0002  \r\n{}\r\n000\r\n\r\n")),
    "chunks beside a length": says(ok(CHUNKED, b"Content-Length: 9", body=b"2\r\n{}\r\n0\r\n\r\n")),
    "chunks in capitals": says(ok(b"TRANSFER-ENCODING: Chunked", body=b"2\r\n{}\r\n0\r\n\r\n")),
    "the same length twice": says(ok(TWO, b"content-length: 2")),
    "a list of equal lengths": says(ok(b"Content-Length: 2, 2")),
    "names in lower case": says(ok(b"content-length: 2", b"content-type: application/json")),
    "names in upper case": says(ok(b"CONTENT-LENGTH: 2", b"CONTENT-TYPE: application/json")),
    "no space after the colon": says(ok(b"Content-Length:2")),
    "more than its length": says(ok(TWO, body=b"{}{}{}")),
    "a continuation": says(b"HTTP/1.1 100 Continue\r\n\r\n" + ok(TWO)),
    "early hints": says(HINTS * 3 + ok(TWO)),
    "a status of work in progress": says(b"HTTP/1.1 102 Processing\r\n\r\n" + ok(TWO)),
    "a header field of two lines": says(ok(b"Message: a\r\n b", TWO)),
    "other services": says(ok(b'Alt-Svc: h2="elsewhere.example:443"', b"Refresh: 0; url=/", TWO)),
    "lines that end with LF": says(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
    "no reason phrase": says(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}"),
    "a reason phrase beyond ASCII": says("HTTP/1.1 200 Schön\r\nContent-Length: 2\r\n\r\n{}".encode()),
    "a header field of 60 KB": says(ok(b"Message: " + b"x" * 60_000, TWO)),
    "a thousand header fields": says(ok(*[b"X-%d: a" % n for n in range(1000)], TWO)),
    "cookies that are none": says(ok(b"Set-Cookie: a=b; \x01", b"Set-Cookie: =;;", TWO)),
    "a link that is none": says(ok(b"Link: <http://[::bad>; rel=x", TWO)),
    "a media type that is none": says(ok(b"Content-Type: ;;=\xff", TWO)),
    "a coding nobody asked for": says(ok(b"Content-Encoding: br", TWO)),
    "an empty coding": says(ok(b"Content-Encoding:", TWO)),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_reply_is_read_in_whatever_form_it_comes(gateway, name):
    """Twice, since a reply must not spoil the connection for the next request either."""
    exchanges = send(gateway(talk=SOUND[name]).url, UPDATE, GET)

    assert [str(exchange.trouble or "") for exchange in exchanges] == ["", ""]
    assert [(e.reply.status, e.reply.content) for e in exchanges if e.reply] == [(200, b"{}")] * 2


def test_a_reply_is_read_byte_by_byte(gateway):
    async def talk(reader, writer):
        await request_from(reader)
        for byte in HINTS + ok(CHUNKED, body=b"2;x\r\n{}\r\n0\r\n\r\n"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    (exchange,) = send(gateway(talk=talk).url, UPDATE)

    assert exchange.reply.content == b"{}"


@pytest.mark.parametrize("said", [b"204 No Content\r\n", b"204 No Content\r\nContent-Length: 5\r\n", b"304 Not\r\n"])
def test_a_status_without_a_body_ends_with_its_header(gateway, said):
    """Some servers send one all the same; it must not be taken for the next reply."""
    server = gateway(talk=says(b"HTTP/1.1 " + said + b"\r\nhello"))

    exchanges = send(server.url, UPDATE, UPDATE)

    assert [e.reply.content for e in exchanges if e.reply] == [b"", b""]


def test_header_fields_come_back_as_they_were_sent(gateway):
    fields = (b"X-One: a", b"x-oNe: b", b"Server: s", b"Server: t", "Message: ü €".encode(), TWO)

    (exchange,) = send(gateway(talk=says(ok(*fields))).url, GET)

    assert [f"{name}: {value}".encode() for name, value in exchange.reply.headers] == list(fields)


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_a_switch_of_protocols_is_no_answer(gateway, protocol):
    head = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\n".encode()
    server = gateway(talk=says(head, then=ok(b"Action: ACK", TWO)))

    exchanges = send(server.url, UPDATE, UPDATE)

    assert [(e.reply.status, e.reply.content) for e in exchanges if e.reply] == [(101, b"")] * 2
    assert server.connections == 2


# Compressed content.


def squeezed(change=bytes):
    def squeeze(seen, answer):
        return with_fields(with_body(answer, change(gzip.compress(answer.body))), [("Content-Encoding", "gzip")])

    return squeeze


def test_a_gzipped_reply_is_read_and_its_header_is_kept(gateway):
    plain, packed = (send(gateway(*twist).url, GET)[0].reply for twist in ((), (squeezed(),)))

    assert plain is not None
    assert packed.content == plain.content
    assert packed.header("content-encoding") == "gzip"


@pytest.mark.parametrize("after", [bytes(20), b"\r\n<!-- cached -->"])
async def test_what_follows_a_gzipped_reply_is_ignored_and_noted(gateway, after):
    async with client_of(gateway(squeezed(lambda packed: packed + after)).url) as client:
        exchange = await client.send(outgoing())

    assert exchange.refused
    assert list(client.notes()) == [
        "1 answer had bytes after the end of their compressed content, which clients ignore"
    ]


def test_a_gzipped_reply_that_is_cut_short_is_no_whole_reply(gateway):
    (exchange,) = send(gateway(squeezed(lambda packed: packed[:-12])).url, UPDATE, patience=0.1)

    assert exchange.reply is None
    assert str(exchange.trouble).startswith("connection: the reply is not whole: its compressed content is cut short")


@pytest.mark.parametrize("coding", [b"gzip, gzip, gzip", b"br", b"zstd", b"br, zstd"])
def test_codings_nobody_asked_for_are_not_undone(gateway, coding):
    content = gzip.compress(gzip.compress(gzip.compress(BOMB, 1)))

    (exchange,) = send(gateway(talk=says(ok(b"Content-Encoding: " + coding, body=content))).url, GET)

    assert exchange.reply.content == content
    assert coding.decode() in exchange.received.unreadable
