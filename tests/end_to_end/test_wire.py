"""Raw connections: whatever a server does, there is a reply or a trouble, in time."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from beckn_conformance.client.raw import head
from beckn_conformance.client.raw import send as send_raw
from beckn_conformance.config.tls import tls_context
from beckn_conformance.messages.exchange import Raw, Reply, Request, Trouble, TroubleKind
from tests.end_to_end.kit import until
from tests.end_to_end.loopback import Loopback, Talk

Make = Callable[..., Loopback]
ACK = b"HTTP/1.1 200 OK\r\naction: ACK\r\nContent-Length: 2\r\n\r\n{}"


def send(
    server: Loopback,
    raw: Raw,
    *,
    method: str = "POST",
    patience: float = 10,
    longest: int = 1000,
    context: ssl.SSLContext | None = None,
) -> tuple[Reply | None, Trouble | None]:
    request = Request(method, f"{server.url}/Provider/get", (), b"", raw)
    return asyncio.run(send_raw(request, raw, context, patience=patience, longest=longest))


def saying(*pieces: bytes, first: int = 1) -> Talk:
    """A server that reads a little, says something and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(first)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return talk


def hearing(heard: list[bytes], *, reply: bytes = ACK) -> Talk:
    """A server that keeps what comes, piece by piece, until nothing more does."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(2**20):
            heard.append(piece)
        writer.write(reply)
        await writer.drain()

    return talk


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(600)


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the connection and reads nothing, so that whoever sends must wait."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(600)


@pytest.mark.parametrize(
    ("said", "content"),
    [
        (ACK, b"{}"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nno", b"no"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + ACK, b"{}"),
        (ACK + b"and more", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_a_reply_is_read_however_its_end_is_told(gateway: Make, said: bytes, content: bytes) -> None:
    reply, trouble = send(gateway(talk=saying(said)), Raw((b"HELLO\r\n\r\n",)))

    assert trouble is None
    assert reply is not None
    assert reply.content == content


def test_header_fields_of_a_reply_are_kept(gateway: Make) -> None:
    reply, _ = send(gateway(talk=saying(ACK)), Raw((b"x",)))

    assert reply == Reply(200, (("action", "ACK"), ("Content-Length", "2")), b"{}")


def test_a_reply_to_head_has_no_body_whatever_it_says(gateway: Make) -> None:
    reply, trouble = send(
        gateway(talk=saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")), Raw((b"x",)), method="HEAD"
    )

    assert (reply, trouble) == (Reply(200, (("Content-Length", "5"),), b""), None)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: some\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsome\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
        bytes(range(256)),
    ],
    ids=lambda said: repr(said[:40]),
)
def test_what_is_no_whole_reply_is_a_trouble_of_the_connection(gateway: Make, said: bytes) -> None:
    reply, trouble = send(gateway(talk=saying(said)), Raw((b"HELLO\r\n\r\n",)))

    assert reply is None
    assert trouble.kind is TroubleKind.CONNECTION
    assert "\n" not in str(trouble)


@pytest.mark.parametrize("talk", [_silence, _endless, _deaf])
def test_nobody_waits_for_longer_than_patience(gateway: Make, talk: Talk) -> None:
    big = Raw((b"x" * 2**24,), wait=600)

    reply, trouble = send(gateway(talk=talk), big, patience=0.2, longest=2**30)

    assert reply is None
    assert trouble.kind is TroubleKind.TIMEOUT


def test_nobody_waits_for_a_reply_longer_than_it_is_worth(gateway: Make) -> None:
    reply, trouble = send(gateway(talk=_silence), Raw((b"x",), wait=0.1), patience=600)

    assert (reply, trouble) == (None, Trouble(TroubleKind.TIMEOUT, "no reply within 0.1 s after the last byte"))


def test_nobody_there_is_a_trouble() -> None:
    server = Loopback()
    server.close()

    reply, trouble = send(server, Raw((b"x",)))

    assert reply is None
    assert trouble.kind is TroubleKind.CONNECTION


def test_bytes_arrive_as_they_are(gateway: Make) -> None:
    heard: list[bytes] = []
    everything = bytes(range(256)) * 5

    reply, _ = send(gateway(talk=hearing(heard)), Raw((everything,), ending="half-close"))

    assert b"".join(heard) == everything
    assert reply is not None


def test_all_pieces_arrive_in_order(gateway: Make) -> None:
    heard: list[bytes] = []

    send(gateway(talk=hearing(heard)), Raw((b"one", b"two", b"three"), pause=0.01, ending="half-close"))

    assert b"".join(heard) == b"onetwothree"


def test_no_more_is_sent_once_a_reply_has_come(gateway: Make) -> None:
    pieces = tuple(b"x" for _ in range(1000))

    reply, trouble = send(
        gateway(talk=saying(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")), Raw(pieces, 1)
    )

    assert trouble is None
    assert reply is not None
    assert reply.status == 408


def test_a_reply_that_comes_before_everything_was_sent_is_read(gateway: Make) -> None:
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(refusal)
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**20):
                pass

    reply, trouble = send(gateway(talk=talk), Raw((b"x" * 2**22,)))

    assert trouble is None
    assert reply is not None
    assert reply.status == 413


def test_a_reset_reaches_the_server_as_one(gateway: Make) -> None:
    ended: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(100):
                pass
            ended.append("end")
        except ConnectionResetError:
            ended.append("reset")

    reply, trouble = send(gateway(talk=talk), Raw((b"POST / HTTP/1.1\r\n", b"Host"), pause=0.05, ending="reset"))
    until(lambda: bool(ended))

    assert (reply, trouble) == (None, Trouble(TroubleKind.CONNECTION, "broken off by the kit"))
    assert ended == ["reset"]


def test_raw_bytes_go_through_tls(gateway: Make, tls: ssl.SSLContext, certificate: Path) -> None:
    server = gateway(talk=saying(ACK), tls=tls)
    context = tls_context({"ca": str(certificate)})

    trusting = send(server, Raw((b"HELLO\r\n\r\n",), ending="half-close"), context=context)
    doubting = send(server, Raw((b"HELLO\r\n\r\n",)), context=tls_context({}))

    assert trusting[0] is not None
    assert doubting[0] is None
    assert str(doubting[1]).startswith("connection: ")


def test_no_context_never_means_an_unverified_connection(gateway: Make, tls: ssl.SSLContext) -> None:
    server = gateway(talk=saying(ACK), tls=tls)

    with pytest.raises(ValueError, match="TLS context"):
        send(server, Raw((b"HELLO\r\n\r\n",)), context=None)
    assert server.connections == 0


def test_a_packed_reply_is_unpacked_within_bounds(gateway: Make) -> None:
    """A request without Accept-Encoding may be answered in any coding."""

    def packed(text: bytes) -> Talk:
        content = gzip.compress(text)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content)
        return saying(head + content)

    small, _ = send(gateway(talk=packed(b"{}")), Raw((b"HELLO\r\n\r\n",)))
    large = send(gateway(talk=packed(bytes(100_000))), Raw((b"HELLO\r\n\r\n",)))

    assert small is not None
    assert small.content == b"{}"
    assert large == (None, Trouble(TroubleKind.CONNECTION, "more than 1000 bytes came back"))


def test_the_head_is_that_of_a_client() -> None:
    request = Request("POST", "https://gw.example:8443/api/Provider/get", (("Token", "t"),), b"{}")

    assert head(request) == (
        b"POST /api/Provider/get HTTP/1.1\r\nHost: gw.example:8443\r\nToken: t\r\nContent-Length: 2\r\n"
        b"Connection: close\r\n\r\n"
    )
