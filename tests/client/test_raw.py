"""Raw bytes: they arrive as they are, and there is a reply or a trouble in time.

Replies to them are read like any other (``test_replies``).
"""

import asyncio
import contextlib

import pytest

from beckn_conformance.client.connection import connect
from beckn_conformance.client.http import head
from beckn_conformance.messages.exchange import Raw, Reply, Request, Trouble, TroubleKind
from tests.client.calls import outgoing, says, send_all
from tests.end_to_end.kit import until
from tests.end_to_end.loopback import Loopback

ACK = b"HTTP/1.1 200 OK\r\naction: ACK\r\nContent-Length: 2\r\n\r\n{}"
HELLO = b"HELLO\r\n\r\n"


def send(server, raw, *, method="POST", **options):
    """The reply to raw bytes, or the trouble that kept it from coming."""
    sent = outgoing(change=lambda request: Request(method, request.url, (), b"".join(raw.pieces), raw))
    (exchange,) = send_all(server.url, [sent], **options)
    return exchange.reply, exchange.trouble


def hearing(heard, *, reply=ACK):
    """A server that keeps what comes, piece by piece, until nothing more does."""

    async def talk(reader, writer):
        while piece := await reader.read(2**20):
            heard.append(piece)
        writer.write(reply)
        await writer.drain()

    return talk


async def _silence(reader, writer):
    await asyncio.Event().wait()


async def _endless(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _deaf(reader, writer):
    """Takes the connection and reads nothing, so that whoever sends must wait."""
    writer.transport.pause_reading()
    await asyncio.Event().wait()


def test_a_reply_to_head_has_no_body_whatever_it_says(gateway):
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

    assert send(gateway(talk=says(said)), Raw((HELLO,)), method="HEAD") == (
        Reply(200, (("Content-Length", "5"),), b""),
        None,
    )


@pytest.mark.parametrize("talk", [_silence, _endless, _deaf])
def test_nobody_waits_longer_than_declared(gateway, talk):
    big = Raw((b"x" * 2**24,), wait=600)

    reply, trouble = send(gateway(talk=talk), big, timeout=0.5)

    assert (reply, trouble) == (None, Trouble(TroubleKind.TIMEOUT, "no whole reply within 0.5 s (--gateway-timeout)"))


def test_nobody_waits_for_a_reply_longer_than_it_is_worth(gateway):
    reply, trouble = send(gateway(talk=_silence), Raw((b"x",), wait=0.1), timeout=600.0)

    assert (reply, trouble) == (None, Trouble(TroubleKind.TIMEOUT, "no reply within 0.1 s after the last byte"))


def test_nobody_there_is_no_connection():
    server = Loopback()
    server.close()

    assert send(server, Raw((b"x",))) == (None, Trouble(TroubleKind.NO_CONNECTION, "Connection refused"))


def test_a_connection_closed_without_a_reply_is_a_trouble_of_the_connection(gateway):
    reply, trouble = send(gateway(talk=says(b"")), Raw((HELLO,)))

    assert (reply, trouble) == (None, Trouble(TroubleKind.CONNECTION, "closed before a reply came"))


@pytest.mark.parametrize("ending", ["half-close", ""])
def test_bytes_arrive_as_they_are_piece_after_piece(gateway, ending):
    heard = []
    everything = bytes(range(256)) * 5

    reply, _ = send(
        gateway(talk=hearing(heard)), Raw((everything, b"one", b"two"), pause=0.01, ending=ending, wait=0.1)
    )

    assert (reply is not None) == (ending == "half-close")
    until(lambda: b"".join(heard) == everything + b"onetwo")


@pytest.mark.parametrize("pieces", [tuple(b"x" for _ in range(1000)), (b"x" * 2**22,)])
def test_no_more_is_sent_once_a_reply_has_come(gateway, pieces):
    async def talk(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**20):
                pass

    reply, trouble = send(gateway(talk=talk), Raw(pieces, pause=1))

    assert trouble is None
    assert reply.status == 413


def test_a_reset_reaches_the_server_as_one(gateway):
    ended = []

    async def talk(reader, writer):
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


def test_raw_bytes_go_through_tls(gateway, tls, certificate):
    server = gateway(talk=says(ACK), tls=tls)

    trusted = send(server, Raw((HELLO,), ending="half-close"), tls={"ca": str(certificate)})
    doubted = send(server, Raw((HELLO,)))

    assert trusted[0] is not None
    assert doubted[1].kind is TroubleKind.NO_CONNECTION
    assert "certificate verify failed" in doubted[1].detail


def test_no_context_never_means_an_unverified_connection(gateway, tls):
    server = gateway(talk=says(ACK), tls=tls)

    with pytest.raises(ValueError, match="TLS context"):
        asyncio.run(connect(server.url, "POST", None, None, 10.0))
    assert server.connections == 0


def test_the_head_is_that_of_a_client():
    request = Request("POST", "https://gw.example:8443/api/Provider/get?a=b", (("Token", "t"),), b"{}")

    assert head(request, ("Connection", "close"), ("token", "default")) == (
        b"POST /api/Provider/get?a=b HTTP/1.1\r\nHost: gw.example:8443\r\nConnection: close\r\nToken: t\r\n"
        b"Content-Length: 2\r\n\r\n"
    )
