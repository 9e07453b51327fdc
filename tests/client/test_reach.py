"""A guarded process connects to public addresses and to what it was allowed, whatever a URL or a name says."""

import json
import os
import subprocess
import sys

import pytest

from beckn_conformance.client.reach import VARIABLE, Forbidden, Pattern, Reach
from beckn_conformance.errors import UsageError
from tests.end_to_end.loopback import plain

PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("2001:db8::1", "100::1", "4000::1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e")
TARGETS = (
    *("http://127.0.0.1:{port}", "http://localhost:{port}", "http://LOCALHOST.:{port}", "http://2130706433:{port}"),
    *("http://0177.0.0.1:{port}", "http://0x7f.1:{port}", "http://0x7f000001:{port}", "http://127.1:{port}"),
    *("http://0:{port}", "http://0.0.0.0:{port}", "http://[::ffff:127.0.0.1]:{port}", "http://[::1]:{port}"),
    *("http://[::ffff:7f00:1]:{port}", "http://[::]:{port}", "http://8.8.8.8@127.0.0.1:{port}"),
    *("http://１２７.0.0.1:{port}", "http://①②⑦.0.0.1:{port}", "http://127。0。0。1:{port}"),
)
"""URLs that lead to a server on this machine."""


WAYS = ("before ", "", "hook ", "proxy ", "tunnel ", "hook through ")


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_but_a_public_one_is_connected_to(address):
    with pytest.raises(Forbidden, match=r"^the address \S+ is not one that this laboratory may connect to$"):
        Reach().check("", address, 443)
    with pytest.raises(Forbidden, match=r"^the address of gw.example is not one that this laboratory may connect to$"):
        Reach().check("gw.example", address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_connected_to(address):
    Reach().check("gw.example", address, 443)


@pytest.mark.parametrize("address", ["localhost", "2130706433", "0177.0.0.1", "127.1", "", "８.8.8.8", "8.8.8.8\0"])
def test_what_is_no_address_cannot_be_checked_and_is_not_connected_to(address):
    with pytest.raises(Forbidden, match="cannot be checked"):
        Reach().check("gw.example", address, 443)


@pytest.mark.parametrize(
    ("pattern", "host", "address"),
    [
        ("10.1.2.3", "gw.example", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3", "10.1.2.3"),
        ("fd00::/8", "fd00::1", "fd00::1"),
        ("[fd00::1]:443", "fd00::1", "fd00::1"),
        ("gw.lab.example", "GW.lab.example.", "10.1.2.3"),
        ("*.lab.example", "a.b.lab.example", "127.0.0.1"),
        ("gw.lab.example:443", "gw.lab.example", "10.1.2.3"),
    ],
)
def test_what_a_pattern_names_is_connected_to(pattern, host, address):
    Reach.of([pattern]).check(host, address, 443)

    assert Reach.of(str(Reach.of([pattern])).split()) == Reach.of([pattern])


@pytest.mark.parametrize(
    ("pattern", "host", "address"),
    [
        ("10.1.2.3", "10.1.2.4", "10.1.2.4"),
        ("10.1.2.3", "10.1.2.3.evil.example", "127.0.0.1"),
        ("127.0.0.1:80", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("*.lab.example", "lab.example", "10.1.2.3"),
        ("*.lab.example", "evillab.example", "10.1.2.3"),
        ("*.lab.example", "a.lab.example.evil.example", "10.1.2.3"),
        ("gw.lab.example:8443", "gw.lab.example", "10.1.2.3"),
        ("[fd00::1]:444", "fd00::1", "fd00::1"),
    ],
)
def test_a_pattern_permits_no_more_than_it_names(pattern, host, address):
    with pytest.raises(Forbidden):
        Reach.of([pattern]).check(host, address, 443)


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "10.*", "*.*", "a*.example", "10.1.2", "127.1", "0x7f.1", "http://gw.example", "gw.example/api"),
        *("gw.example:port", "gw.example:", "gw.example:0", "10.0.0.1:99999", "[::1]:99999", ":80", "[::1", "::1]"),
        *("a b", "é.example", "10.0.0.0/33", "-a.example"),
    ],
)
def test_a_pattern_that_could_mean_something_else_is_refused(text):
    with pytest.raises(UsageError, match=r"is not a host pattern; it needs the form"):
        Pattern.of(text)


def test_an_address_of_this_machine_is_not_public(monkeypatch):
    monkeypatch.setattr("beckn_conformance.client.reach._is_own", lambda address: str(address) == "8.8.8.8")

    Reach().check("gw.example", "8.8.4.4", 443)
    with pytest.raises(Forbidden):
        Reach().check("gw.example", "8.8.8.8", 443)


def test_a_url_is_refused_before_anything_is_sent():
    assert Reach().refusal("http://8.8.8.8/api") == ""
    assert Reach().refusal("http://127.0.0.1:8080/api").startswith("the address 127.0.0.1 is not one")
    assert "is not one that this laboratory may connect to" in Reach().refusal("https://localhost")
    assert Reach.of(["localhost"]).refusal("https://localhost") == ""
    assert Reach().refusal("https://no-such-host.invalid").startswith("the host no-such-host.invalid is not found")


PLAY = '''
import asyncio, json, socket, sys
from beckn_conformance.client.client import Client
from beckn_conformance.client.reach import Reach
from beckn_conformance.client.outgoing import Outgoing
from beckn_conformance.client.verification import Verifier
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import Unmet
from beckn_conformance.messages.binding import HttpBinding

TARGETS = json.loads(sys.argv[1])
resolve, looked_up = socket.getaddrinfo, set()

def rebound(host, port, *rest, **more):
    """A public address at the first look, and this machine afterwards."""
    if str(host).endswith("rebound.example"):
        address = "127.0.0.1" if host in looked_up else "8.8.8.8"
        looked_up.add(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
    if host == "both.example":
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("10.0.0.1", "127.0.0.1")]
    return resolve(host, port, *rest, **more)

socket.getaddrinfo = rebound

async def call(url, **more):
    gateway = Client(GatewayConfig(url, patience=0.1, **{"timeout": 5.0, **more}))
    exchange = await gateway.send(Outgoing("Provider/get", HttpBinding(), {}, "t"))
    await gateway.close()
    return str(exchange.trouble or exchange.reply.status)

async def verify(hook, **more):
    try:
        await Verifier(GatewayConfig("http://8.8.8.8", verification_hook=hook, **more)).verify("r-1")
    except Unmet as unmet:
        return str(unmet)
    return "verified"

async def main():
    said = {}
    for url in TARGETS:
        said["before " + url] = Reach().refusal(url)
        said[url] = await call(url)
        said["hook " + url] = await verify(url)
        said["proxy " + url] = await call("http://gw.example", proxies={"http://gw.example": url})
        said["tunnel " + url] = await call("https://gw.example", proxies={"https://gw.example": url}, timeout=0.3)
        said["hook through " + url] = await verify("http://gw.example/v", proxies={"http://gw.example/v": url})
    return said

print(json.dumps(asyncio.run(main())))
'''


def played(targets, allow=""):
    """What came of calls to targets in a guarded process."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY, json.dumps(targets)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, VARIABLE: allow},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_guarded_process_never_connects_to_its_own_machine(gateway):
    server = gateway(lambda seen, answer: plain(200, "{}"))
    targets = [url.replace("{port}", str(server.port)) for url in TARGETS]

    said = played(targets)

    assert server.seen == []
    refusals = [said[f"{how}http://127.0.0.1:{server.port}"] for how in WAYS]
    assert all("the address 127.0.0.1 is not one that this laboratory may connect to" in text for text in refusals)
    assert not {"200", "verified", ""} & {*said.values()}


def test_a_name_that_leads_elsewhere_at_the_second_look_is_refused(gateway):
    server = gateway(lambda seen, answer: plain(200, "{}"))
    url = f"http://rebound.example:{server.port}"

    said = played([url])

    assert server.seen == []
    assert said[f"before {url}"] == ""
    assert all("the address of rebound.example is not one" in said[f"{how}{url}"] for how in WAYS[1:])


@pytest.mark.parametrize("allow", ["*.rebound.example", "127.0.0.0/8:{port}"])
def test_what_is_allowed_is_connected_to(gateway, allow):
    server = gateway(lambda seen, answer: plain(200, "{}"))
    url = f"http://a.rebound.example:{server.port}"

    said = played([url], allow.replace("{port}", str(server.port)))

    assert [said[f"{how}{url}"] for how in WAYS] == ["", "200", "verified", "200", said[f"tunnel {url}"], "verified"]


KNOCK = """
import os, socket, subprocess, sys
from beckn_conformance.client.reach import admit

def knocks(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError as error:
        return str(error)
    return "reached"

ports = [int(port) for port in sys.argv[2:]]
if sys.argv[1] == "first":
    print([knocks(port) for port in ports], flush=True)
    admit(f"http://127.0.0.1:{ports[0]}")
    subprocess.run([sys.executable, __file__, "worker", *sys.argv[2:]], check=True)
print([knocks(port) for port in ports], flush=True)
"""


def test_of_several_addresses_only_those_that_are_allowed_are_tried(gateway):
    server = gateway(lambda seen, answer: plain(200, "{}"))
    url = f"http://both.example:{server.port}"

    assert played([url], "127.0.0.1")[url] == "200"
    assert played([url], "127.0.0.2")[url].endswith(
        "the address of both.example is not one that this laboratory may connect to"
    )


def test_a_server_that_a_process_has_started_is_reached_by_its_workers_too(gateway, tmp_path):
    script = tmp_path / "knock.py"
    script.write_text(KNOCK)
    ports = [str(gateway().port) for _ in range(2)]

    command = [sys.executable, str(script), "first", *ports]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, VARIABLE: ""}
    )

    no = "the address 127.0.0.1 is not one that this laboratory may connect to"
    assert done.stdout.splitlines() == [f"['{no}', '{no}']", *[f"['reached', '{no}']"] * 2], done.stderr
