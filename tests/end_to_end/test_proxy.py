"""What goes through a declared proxy, and past one that only the environment names."""

import asyncio
import os
import shutil
import subprocess
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from beckn_conformance.client.client import Client
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.messages.exchange import Raw
from beckn_conformance.run.reproduction import tell
from tests.client.calls import outgoing, send
from tests.end_to_end.kit import LONGEST, ONE

GET = "Provider/get"
USER = "Proxy-Authorization: Basic bWU6aHVzaGh1c2g="
"""Of ``me:hushhush``."""


async def _pump(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


def proxy(heads, *, refuses=False):
    """An HTTP proxy that keeps the heads of what it is asked, and opens tunnels unless it ``refuses``."""

    async def talk(reader, writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heads.append(head)
            method, target, _ = head.split("\r\n")[0].split()
            if method == "CONNECT":
                if refuses:
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    return
                host, _, port = target.rpartition(":")
                far, near = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 Established\r\n\r\n")
                await asyncio.gather(_pump(reader, near), _pump(far, writer))
                return
            parts = urlsplit(target)
            length = next(
                (int(v) for k, _, v in (f.partition(":") for f in head.split("\r\n")) if k == "Content-Length"), 0
            )
            far, near = await asyncio.open_connection(parts.hostname, parts.port)
            near.write(head.replace(target, parts.path, 1).encode() + await reader.readexactly(length))
            writer.write(await far.readuntil(b"\r\n\r\n"))
            near.write_eof()
            writer.write(await far.read(-1))
            near.close()

    return talk


def call(config, raw=None):
    def spoil(request):
        return replace(request, raw=raw)

    async def play():
        client = Client(config)
        try:
            return await client.send(outgoing(change=spoil if raw else None))
        finally:
            await client.close()

    return asyncio.run(play())


def again(exchange, config, **env):
    """What the line of a finding prints."""
    if not shutil.which("curl"):
        pytest.skip("the line of a finding needs curl, which is not there")
    line = tell(exchange, [exchange], HttpBinding(), config).curl
    environment = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=LONGEST).stdout


@pytest.mark.parametrize("user", ["", "me:hushhush@"])
def test_calls_and_the_line_of_a_finding_go_through_the_declared_proxy(gateway, user):
    heads = []
    server, between = gateway(), gateway(talk=proxy(heads))
    where = f"http://{user}127.0.0.1:{between.port}"
    config = GatewayConfig(server.url, proxies={server.url: where}, patience=0.1)

    exchange = call(config)
    printed = again(exchange, config, PROXY=where, no_proxy="127.0.0.1")

    assert exchange.reply is not None
    assert exchange.refused
    assert printed.startswith("HTTP/1.1 ")
    assert "action: NACK" in printed
    assert [head.split()[1] for head in heads] == [f"{server.url}/{GET}"] * 2
    assert all((USER in head) == bool(user) for head in heads)
    assert not any("proxy-authorization" in seen.headers for seen in server.seen if not user)


def test_neither_the_client_nor_the_line_of_a_finding_obeys_the_environment(gateway, monkeypatch):
    server = gateway()
    nowhere = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    for name, value in nowhere.items():
        monkeypatch.setenv(name, value)
    config = GatewayConfig(server.url)

    exchange = call(config)
    printed = again(exchange, config, **nowhere)

    assert exchange.refused
    assert "action: NACK" in printed
    assert len(server.seen) == 2


def test_tls_and_raw_bytes_go_through_a_tunnel(gateway, tls, certificate):
    heads = []
    server, between = gateway(tls=tls), gateway(talk=proxy(heads))
    where = f"http://me:hushhush@127.0.0.1:{between.port}"
    trust = {"ca": str(certificate)}

    exchange = call(GatewayConfig(server.url, proxies={server.url: where}, tls=trust))
    raw = Raw((b"POST /Provider/get HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",))
    malformed = call(GatewayConfig(server.url, proxies={server.url: where}, tls=trust), raw)
    doubting = call(GatewayConfig(server.url, proxies={server.url: where}), raw)

    assert exchange.refused, exchange.trouble
    assert malformed.reply is not None, malformed.trouble
    assert doubting.reply is None
    assert "certificate" in str(doubting.trouble)
    assert set(heads) == {
        f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"User-Agent: beckn-conformance\r\n{USER}\r\n\r\n"
    }


def test_a_tunnel_is_kept_between_requests(gateway, tls, certificate):
    heads = []
    server, between = gateway(tls=tls), gateway(talk=proxy(heads))
    proxies = {server.url: f"http://127.0.0.1:{between.port}"}

    exchanges = send(server.url, *[GET] * 5, proxies=proxies, tls={"ca": str(certificate)})

    assert [exchange.trouble for exchange in exchanges] == [None] * 5
    assert len(heads) == server.connections == 1


def test_a_tunnel_that_is_refused_is_told_and_nothing_was_sent(gateway, tls, certificate):
    server, between = gateway(tls=tls), gateway(talk=proxy([], refuses=True))
    where = f"http://127.0.0.1:{between.port}"
    config = GatewayConfig(server.url, proxies={server.url: where}, patience=0.1)

    for raw in (None, Raw((b"GET / HTTP/1.1\r\n\r\n",))):
        exchange = call(config, raw)
        assert "no connection: the proxy opens no tunnel, and says status 403" in str(exchange.trouble)

    assert server.seen == []


def test_a_run_names_the_proxy_of_the_environment_that_it_does_not_use(kit):
    run = kit.run("http://127.0.0.1:9", "--gateway-patience=0.1", *ONE, http_proxy="http://127.0.0.1:9")

    assert run.status == 10
    assert "HTTP_PROXY of the environment is not used unless the configuration says proxy: env" in run.output
